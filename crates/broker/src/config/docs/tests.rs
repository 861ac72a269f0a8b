//! The file against the tables.

#[test]
fn the_file_is_what_the_tables_say() {
    let written = include_str!("../../../../../docs/configs.md");
    assert!(written == super::markdown(), "docs/configs.md is stale: run `ottla config-docs > docs/configs.md`");
}
