//! Kafka's checkpoint files: text, one item per line.
//!
//! ```text
//! 0          the format's version
//! 2          how many lines follow
//! 7 0
//! 9 1500
//! ```
//!
//! They are replaced whole, by a temporary file, fsync, rename and fsync of the directory, so a crash leaves the old or
//! the new one. One that is garbage nevertheless is as good as none: everything in it can be found out again, but for log start offsets, of which there is a copy.

use std::fmt::{Display, Write as _};
use std::str::FromStr;

use record::crc32c;

/// The text of a checkpoint.
pub(crate) fn encode<T: Display>(lines: impl ExactSizeIterator<Item = T>) -> Vec<u8> {
    let mut text = format!("0\n{}\n", lines.len());
    for line in lines {
        writeln!(text, "{line}").expect("a String takes everything");
    }
    text.into_bytes()
}

/// The items of a checkpoint, or `None` when it isn't one.
pub(crate) fn decode<T>(bytes: &[u8], parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let (version, count): (i32, usize) = (number(lines.next()?)?, number(lines.next()?)?);
    let items: Option<Vec<T>> = lines.map(parse).collect();
    items.filter(|items| version == 0 && items.len() == count)
}

/// A whole text as a number.
pub(crate) fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The text with a first line that is the CRC-32C of what follows it: for copies of files of Kafka's in which a digit that
/// changed on the disk would be believed.
pub(crate) fn with_checksum(text: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:08x}\n", crc32c(text)).into_bytes();
    bytes.extend_from_slice(text);
    bytes
}

/// What [`with_checksum`] was given, when it is whole.
pub(crate) fn without_checksum(bytes: &[u8]) -> Option<&[u8]> {
    let (checksum, text) = bytes.split_at_checked(9)?;
    (checksum == format!("{:08x}\n", crc32c(text)).as_bytes()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(line: &str) -> Option<(i32, i64)> {
        let (first, second) = line.split_once(' ')?;
        Some((number(first)?, number(second)?))
    }

    #[test]
    fn what_is_written_is_read_and_garbage_is_none() {
        let text = encode(["7 0", "9 1500"].iter());
        assert_eq!(text, b"0\n2\n7 0\n9 1500\n");
        assert_eq!(decode(&text, pair), Some(vec![(7, 0), (9, 1500)]));
        for cut in 0..text.len() - 5 {
            assert_eq!(decode(&text[..cut], pair), None, "{cut} bytes");
        }
        for garbage in ["", "0\n1\n", "1\n0\n", "0\n-1\n", "0\n1\n7 x\n", "0\n1\n7 0\n8 9\n", "\0\0\0\0"] {
            assert_eq!(decode(garbage.as_bytes(), pair), None, "{garbage:?}");
        }
    }
}
