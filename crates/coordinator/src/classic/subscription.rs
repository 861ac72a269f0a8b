//! What a consumer subscribes to, read from what it says of itself when it joins.
//!
//! All versions of that begin alike: a version, then the names of topics.

use std::collections::HashSet;

/// Adds the topics' names; none if the bytes are not a consumer's.
pub(super) fn add_topics(metadata: &[u8], topics: &mut HashSet<Box<str>>) -> Option<()> {
    let (version, rest) = metadata.split_first_chunk()?;
    let (count, mut rest) = rest.split_first_chunk()?;
    if i16::from_be_bytes(*version) < 0 {
        return None;
    }
    for _ in 0..u32::try_from(i32::from_be_bytes(*count)).ok()? {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::try_from(i16::from_be_bytes(*length)).ok()?;
        let (name, after) = after.split_at_checked(length)?;
        let name = std::str::from_utf8(name).ok()?;
        if !topics.contains(name) {
            topics.insert(name.into());
        }
        rest = after;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(metadata: &[u8]) -> Option<Vec<String>> {
        let mut topics = HashSet::new();
        add_topics(metadata, &mut topics)?;
        let mut names: Vec<String> = topics.into_iter().map(String::from).collect();
        names.sort();
        Some(names)
    }

    #[test]
    fn topics_are_read_from_any_version_and_cut_bytes_are_refused() {
        let metadata = b"\0\x03\0\0\0\x02\0\x01a\0\x02bc and what later versions add";
        assert_eq!(topics(metadata), Some(vec!["a".to_owned(), "bc".to_owned()]));
        for length in 0..13 {
            assert_eq!(topics(&metadata[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert_eq!(topics(b"\xff\xff\0\0\0\0"), None);
        assert_eq!(topics(b"\0\0\xff\xff\xff\xff"), None);
        assert_eq!(topics(b"\0\0\x7f\xff\xff\xff\0\x01a"), None);
        assert_eq!(topics(b"\0\0\0\0\0\x01\xff\xff"), None);
        assert_eq!(topics(b"\0\0\0\0\0\x01\0\x01\xff"), None);
    }
}
