//! Reading the workspace.
#![expect(clippy::disallowed_methods, reason = "a build tool reads sources, it is no part of the broker")]

use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, ensure};
use proc_macro2::TokenStream;
use serde_json::Value;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// What the checks look at.
pub struct House {
    /// Every Rust file of ours, by path.
    pub files: Vec<SourceFile>,
    /// What `cargo metadata --no-deps` says.
    pub metadata: Value,
    /// The text of `docs/bugs.md`.
    pub bugs: String,
}

/// One Rust file.
pub struct SourceFile {
    /// From the root of the workspace, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its items.
    pub items: syn::File,
    /// Its tokens; those in macro calls, which the items don't show, too.
    pub tokens: TokenStream,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl SourceFile {
    /// Parses a file.
    pub fn parse(path: &str, text: &str) -> Result<SourceFile> {
        let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{path} is no Rust: {error}"))?;
        let items = syn::parse2(tokens.clone()).with_context(|| format!("{path} is no Rust"))?;
        let mut tests = TestLines(Vec::new());
        tests.visit_file(&items);
        Ok(SourceFile { path: path.to_owned(), text: text.to_owned(), items, tokens, test_lines: tests.0 })
    }

    /// Whether the whole file is compiled for tests only.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
    }

    /// Whether this line is compiled for tests only.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test() || self.test_lines.iter().any(|lines| lines.contains(&line))
    }
}

/// The lines of the items marked `#[cfg(test)]` or `#[test]`.
struct TestLines(Vec<RangeInclusive<usize>>);

impl TestLines {
    fn note(&mut self, attributes: &[syn::Attribute], item: proc_macro2::Span) {
        if attributes.iter().any(is_test_attribute) {
            self.0.push(item.start().line..=item.end().line);
        }
    }
}

impl<'ast> Visit<'ast> for TestLines {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note(&item.attrs, item.span());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.attrs, item.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.note(&item.attrs, item.span());
        visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.attrs, item.span());
        visit::visit_impl_item_fn(self, item);
    }
}

fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        syn::Meta::NameValue(_) => false,
    }
}

/// Reads the workspace that this crate is in.
pub fn house() -> Result<House> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has a parent folder")?;
    let mut files = Vec::new();
    for folder in FOLDERS {
        let path = root.join(folder);
        if path.is_dir() {
            read_folder(&path, folder, &mut files)?;
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(House { files, metadata: metadata(root)?, bugs: fs::read_to_string(root.join("docs/bugs.md"))? })
}

/// Where code of ours lives.
const FOLDERS: &[&str] = &["bench", "crates", "fuzz", "sim", "tests", "xtask"];

fn read_folder(folder: &Path, name: &str, files: &mut Vec<SourceFile>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let last = path.file_name().and_then(|name| name.to_str()).context("names are UTF-8")?;
        let name = format!("{name}/{last}");
        if path.is_dir() {
            if !NOT_OURS.contains(&last) {
                read_folder(&path, &name, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(SourceFile::parse(&name, &fs::read_to_string(&path)?)?);
        }
    }
    Ok(())
}

/// Folders that hold what was built or fetched.
const NOT_OURS: &[&str] = &["target", "node_modules", ".venv", "venv"];

fn metadata(root: &Path) -> Result<Value> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(cargo).args(arguments).current_dir(root).output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_lines_are_those_of_test_items() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n}\n#[test]\nfn b() {\n}\nfn c() {}\n";
        let file = SourceFile::parse("crates/x/src/lib.rs", text).unwrap();
        let lines: Vec<usize> = (1..=8).filter(|line| file.is_test_line(*line)).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7]);
        let whole = ["crates/x/src/a/tests.rs", "crates/x/tests/b.rs", "tests/e2e/c.rs", "crates/x/src/d.rs"];
        let whole = whole.map(|path| SourceFile::parse(path, text).unwrap().is_test());
        assert_eq!(whole, [true, true, true, false]);
    }
}
