//! The page of bugs: every test that it names is there.

use crate::{House, Offence};

const PAGE: &str = "docs/bugs.md";

/// Every row without a test, and every `` `path::test` `` of the page that is not a function of that file.
pub fn bugs(house: &House) -> Vec<Offence> {
    offences(house, &house.bugs)
}

fn offences(house: &House, page: &str) -> Vec<Offence> {
    let offence = |index: usize, what: String| Offence { path: PAGE.to_owned(), line: index + 1, what };
    let mut found = Vec::new();
    for (index, row) in page.lines().enumerate().filter(|(_, line)| is_row(line)) {
        let tests: Vec<(&str, &str)> =
            row.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect();
        if tests.is_empty() {
            found.push(offence(index, "a bug without a test".to_owned()));
        }
        let missing = tests.into_iter().filter(|(path, test)| !exists(house, path, test));
        found.extend(missing.map(|(path, test)| offence(index, format!("there is no test {path}::{test}"))));
    }
    found
}

/// Not the head of the table, and not the line under it.
fn is_row(line: &str) -> bool {
    line.starts_with('|') && !line.starts_with("| Issue") && !line.starts_with("|--")
}

fn exists(house: &House, path: &str, test: &str) -> bool {
    let declared = format!("fn {test}(");
    house.files.iter().any(|file| file.path == path && file.text.contains(&declared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceFile;

    #[test]
    fn a_row_without_a_test_and_a_test_that_is_not_there_are_found() {
        let file = SourceFile::parse("tests/a.rs", "#[test]\nfn there() {}\n").unwrap();
        let house = House { files: vec![file], metadata: serde_json::Value::Null, bugs: String::new() };
        let page = "| Issue | a |\n|---|---|\n| 1 | `tests/a.rs::there` |\n| 2 | none |\n| 3 | `tests/a.rs::gone` |\n";
        let found: Vec<String> = offences(&house, page).iter().map(Offence::to_string).collect();
        let expected = ["docs/bugs.md:4: a bug without a test", "docs/bugs.md:5: there is no test tests/a.rs::gone"];
        assert_eq!(found, expected);
    }
}
