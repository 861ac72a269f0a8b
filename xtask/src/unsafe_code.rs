//! `unsafe` is only at the two doors to the outside world, each time with its reason.

use crate::tokens::{is_word, line, windows};
use crate::{House, Offence, SourceFile};

/// Where it may be.
const DOORS: &[&str] = &["crates/host/", "crates/net/"];

/// How many lines above the word its `// SAFETY:` may begin.
const REASON_LINES: usize = 6;

/// Every `unsafe` outside `host`, `net` and tests, or without a reason.
pub fn unsafe_code(house: &House) -> Vec<Offence> {
    house.files.iter().flat_map(file_offences).collect()
}

fn file_offences(file: &SourceFile) -> Vec<Offence> {
    let mut found = Vec::new();
    windows(&file.tokens, &mut |tokens| {
        if is_word(&tokens[0], "unsafe")
            && let Some(what) = verdict(file, line(&tokens[0]))
        {
            found.push(Offence { path: file.path.clone(), line: line(&tokens[0]), what: what.to_owned() });
        }
    });
    found
}

fn verdict(file: &SourceFile, line: usize) -> Option<&'static str> {
    if !DOORS.iter().any(|door| file.path.starts_with(door)) && !file.is_test_line(line) {
        return Some("`unsafe` is only in host and net");
    }
    let above = file.text.lines().take(line - 1).skip((line - 1).saturating_sub(REASON_LINES));
    let has_reason = above.into_iter().any(|line| line.trim_start().starts_with("// SAFETY:"));
    (!has_reason).then_some("`unsafe` without a `// SAFETY:` above it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = SourceFile::parse(path, text).unwrap();
        file_offences(&file).iter().map(Offence::to_string).collect()
    }

    #[test]
    fn unsafe_elsewhere_or_without_a_reason_is_found() {
        let reasoned = "fn a() {\n    // SAFETY: it is.\n    unsafe { b() }\n}\n";
        let bare = "fn a() {\n    c!(unsafe { b() });\n}\n";
        assert_eq!(found("crates/host/src/a.rs", reasoned), [""; 0]);
        assert_eq!(found("crates/wire/tests/a.rs", reasoned), [""; 0]);
        assert_eq!(found("a.rs", "// unsafe\n#![forbid(unsafe_code)]\nconst A: &str = \"unsafe\";"), [""; 0]);
        assert_eq!(
            found("crates/wire/src/a.rs", reasoned),
            ["crates/wire/src/a.rs:3: `unsafe` is only in host and net"]
        );
        assert_eq!(
            found("crates/net/src/a.rs", bare),
            ["crates/net/src/a.rs:2: `unsafe` without a `// SAFETY:` above it"]
        );
    }
}
