//! Kafka's small text files: a version, a count, and lines.
//!
//! All of them are replaced as a whole (temporary file, fsync, rename, directory fsync) and can be made again from the log.

/// `0\n<count>\n` and a line each.
pub fn format(lines: impl ExactSizeIterator<Item = String>) -> String {
    let mut text = format!("0\n{}\n", lines.len());
    lines.for_each(|line| {
        text.push_str(&line);
        text.push('\n');
    });
    text
}

/// The lines; `None` when the text is not such a file, whole.
pub fn parse(text: &str) -> Option<Vec<&str>> {
    let mut lines = text.lines();
    if lines.next()? != "0" {
        return None;
    }
    let count: usize = lines.next()?.parse().ok()?;
    let lines: Vec<_> = lines.collect();
    (lines.len() == count).then_some(lines)
}
