//! Looking for words in code, where comments and strings don't count and the insides of macro calls do.

use proc_macro2::{TokenStream, TokenTree};

/// Calls `see` with every token and the two after it in the same group, outermost first.
pub(crate) fn windows(tokens: &TokenStream, see: &mut impl FnMut(&[TokenTree])) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for start in 0..tokens.len() {
        see(&tokens[start..tokens.len().min(start + 3)]);
        if let TokenTree::Group(group) = &tokens[start] {
            windows(&group.stream(), see);
        }
    }
}

/// Whether this token is the word.
pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// Whether this token is the mark.
pub(crate) fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// The line of a token, from 1.
pub(crate) fn line(token: &TokenTree) -> usize {
    token.span().start().line
}
