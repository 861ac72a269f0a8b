//! Docs: every file says what it is for. That every public item does is rustc's `missing_docs`; here it is seen to that
//! nobody turns that off.

use crate::tokens::{is_word, line, windows};
use crate::{House, Offence, SourceFile};

/// Every file that doesn't begin with `//!`, and every exception from `missing_docs`. The name of `foo/tests.rs` says all.
pub fn docs(house: &House) -> Vec<Offence> {
    house.files.iter().flat_map(file_offences).collect()
}

fn file_offences(file: &SourceFile) -> Vec<Offence> {
    let offence = |line: usize, what: &str| Offence { path: file.path.clone(), line, what: what.to_owned() };
    let mut found = Vec::new();
    if !file.text.starts_with("//!") && !file.path.ends_with("/tests.rs") {
        found.push(offence(1, "begins without `//!`: say what the file is for"));
    }
    windows(&file.tokens, &mut |tokens| {
        if is_word(&tokens[0], "missing_docs") {
            found.push(offence(line(&tokens[0]), "`missing_docs` has no exceptions"));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        found_in("a.rs", text)
    }

    fn found_in(path: &str, text: &str) -> Vec<String> {
        let file = SourceFile::parse(path, text).unwrap();
        file_offences(&file).iter().map(Offence::to_string).collect()
    }

    #[test]
    fn a_file_without_docs_and_an_exception_are_found() {
        assert_eq!(found("//! Docs.\nfn a() {}\n"), [""; 0]);
        assert_eq!(found("// No docs.\nfn a() {}\n"), ["a.rs:1: begins without `//!`: say what the file is for"]);
        assert_eq!(found_in("a/tests.rs", "fn a() {}\n"), [""; 0]);
        let exception = "//! Docs.\n#![cfg_attr(all(), allow(missing_docs))]\n";
        assert_eq!(found(exception), ["a.rs:2: `missing_docs` has no exceptions"]);
    }
}
