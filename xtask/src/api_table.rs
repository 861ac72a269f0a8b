//! One API, one line, one file: the broker's table of APIs and its folder of handlers name the same things.

use std::collections::BTreeMap;

use proc_macro2::TokenTree;
use syn::spanned::Spanned as _;

use crate::tokens::windows;
use crate::{House, Offence, SourceFile};

const TABLE_FILE: &str = "crates/broker/src/api.rs";
const HANDLERS: &str = "crates/broker/src/handlers/";

/// Every API in the broker's `TABLE` without a file in `handlers/`, and every file there without a line in the table.
pub fn api_table(house: &House) -> Vec<Offence> {
    let Some(table) = house.files.iter().find(|file| file.path == TABLE_FILE) else {
        return Vec::new();
    };
    let offence = |path: &str, line: usize, what: String| Offence { path: path.to_owned(), line, what };
    let lines = table_lines(table);
    let handlers: Vec<&str> = house.files.iter().filter_map(|file| handler_name(&file.path)).collect();
    let no_file = lines.iter().filter(|(name, _)| !handlers.contains(&name.as_str()));
    let no_line = handlers.iter().filter(|name| !lines.contains_key(**name));
    no_file
        .map(|(name, line)| offence(TABLE_FILE, *line, format!("no file {HANDLERS}{name}.rs for this line")))
        .chain(no_line.map(|name| offence(&format!("{HANDLERS}{name}.rs"), 1, format!("no line in {TABLE_FILE}"))))
        .collect()
}

/// The APIs that `const TABLE` names by their request types, in Rust's way of naming files, and the lines.
fn table_lines(file: &SourceFile) -> BTreeMap<String, usize> {
    let table = file.items.items.iter().find_map(|item| match item {
        syn::Item::Const(item) if item.ident == "TABLE" => Some(item.span()),
        _ => None,
    });
    let lines = table.map(|span| span.start().line..=span.end().line);
    let mut found = BTreeMap::new();
    windows(&file.tokens, &mut |tokens| {
        if let TokenTree::Ident(ident) = &tokens[0] {
            let line = ident.span().start().line;
            if let Some(name) = ident.to_string().strip_suffix("Request")
                && lines.as_ref().is_some_and(|lines| lines.contains(&line))
            {
                found.entry(snake_case(name)).or_insert(line);
            }
        }
    });
    found
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The API of a file that lies directly in the folder of handlers.
fn handler_name(path: &str) -> Option<&str> {
    path.strip_prefix(HANDLERS)?.strip_suffix(".rs").filter(|name| !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_file_and_a_file_without_a_line_are_found() {
        let table = "use a::OtherRequest;\nconst TABLE: &[Api] = &[\n    Api { key: ProduceRequest::KEY },\n    \
                     api!(list_offsets::ListOffsetsRequest),\n    api!(fetch::FetchRequest),\n];\n";
        let sources = [
            (TABLE_FILE, table),
            ("crates/broker/src/handlers/produce.rs", ""),
            ("crates/broker/src/handlers/fetch.rs", ""),
            ("crates/broker/src/handlers/fetch/plan.rs", ""),
            ("crates/broker/src/handlers/heartbeat.rs", ""),
        ];
        let files = sources.map(|(path, text)| SourceFile::parse(path, text).unwrap()).into();
        let house = House { files, metadata: serde_json::Value::Null, bugs: String::new() };
        let found: Vec<String> = api_table(&house).iter().map(Offence::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/broker/src/api.rs:4: no file crates/broker/src/handlers/list_offsets.rs for this line",
                "crates/broker/src/handlers/heartbeat.rs:1: no line in crates/broker/src/api.rs",
            ]
        );
    }
}
