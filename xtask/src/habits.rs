//! Habits: no test is skipped or waits for the clock, nothing is left for later, no library code unwraps.

use proc_macro2::{Delimiter, TokenTree};

use crate::tokens::{is_mark, is_word, line, windows};
use crate::{House, Offence, SourceFile};

/// Every place with a bad habit.
pub fn habits(house: &House) -> Vec<Offence> {
    house.files.iter().flat_map(file_offences).collect()
}

fn file_offences(file: &SourceFile) -> Vec<Offence> {
    let offence = |line: usize, what: &str| Offence { path: file.path.clone(), line, what: what.to_owned() };
    let mut found = Vec::new();
    windows(&file.tokens, &mut |tokens| {
        if let Some((place, what)) = verdict(tokens)
            && place.includes(file.is_test_line(line(&tokens[0])))
        {
            found.push(offence(line(&tokens[0]), what));
        }
    });
    for (index, text) in file.text.lines().enumerate() {
        if LATER.iter().any(|word| text.contains(word)) {
            found.push(offence(index + 1, "left for later: do it, or file it where it will be found"));
        }
    }
    found
}

/// Spelt apart, so that this line is not found.
const LATER: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Where a habit is bad.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    InTests,
    OutsideTests,
}

impl Place {
    fn includes(self, is_test: bool) -> bool {
        self == Place::Anywhere || (self == Place::InTests) == is_test
    }
}

/// What is wrong with the code that starts here, and where it is.
fn verdict(tokens: &[TokenTree]) -> Option<(Place, &'static str)> {
    match tokens {
        [mark, TokenTree::Group(attribute), ..] if is_mark(mark, '#') && is_ignore(attribute) => {
            Some((Place::Anywhere, "a test is run or removed, not ignored"))
        }
        [sleep, call, ..] if is_word(sleep, "sleep") && is_call(call) => {
            Some((Place::InTests, "a test waits for what it needs, not for a time"))
        }
        [dot, unwrap, call] if is_mark(dot, '.') && is_word(unwrap, "unwrap") && is_call(call) => {
            let what = "`unwrap` in library code: return an error, or `expect` with the reason why there is none";
            Some((Place::OutsideTests, what))
        }
        _ => None,
    }
}

fn is_ignore(attribute: &proc_macro2::Group) -> bool {
    let in_brackets = attribute.delimiter() == Delimiter::Bracket;
    in_brackets && attribute.stream().into_iter().next().is_some_and(|first| is_word(&first, "ignore"))
}

fn is_call(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = SourceFile::parse(path, text).unwrap();
        file_offences(&file).iter().map(Offence::to_string).collect()
    }

    #[test]
    fn unwraps_are_found_outside_tests_also_in_macros() {
        let text = "fn a() {\n    b().unwrap();\n    c!(b().unwrap());\n    // .unwrap()\n    \".unwrap()\".unwrap_or(1)\n}\n\
                    #[cfg(test)]\nmod tests { fn d() { b().unwrap() } }\n";
        let what = "`unwrap` in library code: return an error, or `expect` with the reason why there is none";
        assert_eq!(found("a.rs", text), [format!("a.rs:2: {what}"), format!("a.rs:3: {what}")]);
        assert_eq!(found("a/tests.rs", text), [""; 0]);
    }

    #[test]
    fn ignored_and_sleeping_tests_are_found() {
        let text =
            "#[test]\n#[ignore = \"slow\"]\nfn a() {\n    thread::sleep(b);\n}\nfn c() { tokio::time::sleep(d); }\n";
        assert_eq!(
            found("a.rs", text),
            ["a.rs:2: a test is run or removed, not ignored", "a.rs:4: a test waits for what it needs, not for a time"]
        );
    }

    #[test]
    fn what_is_left_for_later_is_found() {
        for word in LATER {
            let text = format!("fn a() {{}}\n// {word}: b\n");
            assert_eq!(found("a.rs", &text), ["a.rs:2: left for later: do it, or file it where it will be found"]);
        }
    }
}
