//! `cordoned.log.dirs` (KIP-1066): directories that get no new partitions.

use std::path::PathBuf;

/// The key.
pub const KEY: &str = "cordoned.log.dirs";
/// Stands for all directories.
pub const ALL: &str = "*";

/// The entries of a list that may be empty.
pub fn entries(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

/// Whether these entries are directories of `log_dirs`, in the words that Kafka has at its start.
///
/// # Errors
/// What would be valid.
pub fn check(entries: &[String], log_dirs: &[PathBuf]) -> Result<(), String> {
    if entries == [ALL] {
        return Ok(());
    }
    if entries.iter().any(|entry| entry == ALL) {
        return Err(format!("When {KEY} is set to {ALL}, it must not contain other values"));
    }
    let missing: Vec<&str> = missing(entries, log_dirs).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "All entries in {KEY} must be present in log.dirs or log.dir. Missing entries : {}",
            missing.join(",")
        )),
    }
}

/// As [`check`], in the words that Kafka has while it runs.
///
/// # Errors
/// What would be valid.
pub fn check_change(value: &str, log_dirs: &[PathBuf]) -> Result<(), String> {
    let entries = entries(value);
    if entries == [ALL] {
        return Ok(());
    }
    match missing(&entries, log_dirs).next() {
        None => Ok(()),
        Some(entry) => Err(format!(
            "Invalid entry in {KEY}: {entry}. All cordoned log dirs must be entries of log.dirs or log.dir."
        )),
    }
}

fn missing<'e>(entries: &'e [String], log_dirs: &[PathBuf]) -> impl Iterator<Item = &'e str> {
    entries.iter().map(String::as_str).filter(|entry| !log_dirs.iter().any(|dir| dir.as_os_str() == *entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_of_the_node_or_all_are_cordoned() {
        let dirs = [PathBuf::from("/a"), PathBuf::from("/b")];
        let at_start = |value: &str| check(&entries(value), &dirs).err().unwrap_or_default();
        let later = |value: &str| check_change(value, &dirs).err().unwrap_or_default();
        for fine in ["", "*", "/a", "/b, /a"] {
            assert_eq!((at_start(fine), later(fine)), (String::new(), String::new()), "{fine}");
        }
        assert!(at_start("/a,*").contains("must not contain other values"));
        assert!(at_start("/a,/x,/y").ends_with("Missing entries : /x,/y"));
        assert!(later("/a,/x").starts_with("Invalid entry in cordoned.log.dirs: /x. All cordoned"));
        assert!(later("/a,*").starts_with("Invalid entry in cordoned.log.dirs: *."));
    }
}
