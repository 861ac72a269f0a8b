//! Sizes: files and functions that can be read at one sitting.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::{House, Offence, SourceFile};

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

/// Every file and function that is too long. A function counts from its `fn` to its last brace.
pub fn sizes(house: &House) -> Vec<Offence> {
    house.files.iter().flat_map(file_offences).collect()
}

fn file_offences(file: &SourceFile) -> Vec<Offence> {
    let mut functions = Functions { path: &file.path, long: Vec::new() };
    functions.visit_file(&file.items);
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX {
        let what = format!("{lines} lines, a file has at most {FILE_LINES_MAX}");
        functions.long.push(Offence { path: file.path.clone(), line: 1, what });
    }
    functions.long
}

struct Functions<'a> {
    path: &'a str,
    long: Vec<Offence>,
}

impl Functions<'_> {
    fn check(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.span().start().line;
        let lines = block.span().end().line - line + 1;
        if lines > FUNCTION_LINES_MAX {
            let what = format!("`{}` has {lines} lines, a function has at most {FUNCTION_LINES_MAX}", signature.ident);
            self.long.push(Offence { path: self.path.to_owned(), line, what });
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.check(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.check(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.check(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function of so many lines, after two others.
    fn function(lines: usize) -> String {
        format!("//! Docs.\n/// Docs.\nfn long() {{\n{}}}\n", "    call();\n".repeat(lines - 2))
    }

    fn found(text: &str) -> Vec<String> {
        let file = SourceFile::parse("crates/x/src/a.rs", text).unwrap();
        file_offences(&file).iter().map(Offence::to_string).collect()
    }

    #[test]
    fn a_function_of_71_lines_is_found() {
        assert_eq!(found(&function(70)), [""; 0]);
        assert_eq!(found(&function(71)), ["crates/x/src/a.rs:3: `long` has 71 lines, a function has at most 70"]);
        let method = format!("impl A {{ trait_less! {{}} {} }}", function(71).replace("//! Docs.\n", ""));
        assert_eq!(found(&method).len(), 1);
    }

    #[test]
    fn a_file_of_801_lines_is_found() {
        assert_eq!(found(&"//! Docs.\n".repeat(800)), [""; 0]);
        assert_eq!(found(&"//! Docs.\n".repeat(801)), ["crates/x/src/a.rs:1: 801 lines, a file has at most 800"]);
    }
}
