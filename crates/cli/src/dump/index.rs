//! The entries of an index. Kafka's formats, big-endian, offsets relative to the file's name:
//!
//! ```text
//! .index      relative offset i32 | position i32      the batch that holds the offset begins there
//! .timeindex  timestamp i64 | relative offset i32     no record before the offset is later than that
//! ```
//!
//! An index that was given room ahead ends in zeros.

use std::io::{self, Read, Write};

use client::Timestamp;
use serde_json::json;

use super::Damage;
use crate::text::time;

/// Writes the entries of an .index file.
pub fn dump_offsets(input: impl Read, base: i64, json: bool, out: &mut impl Write) -> io::Result<Option<Damage>> {
    if !json {
        writeln!(out, "{:>12} {:>12}", "OFFSET", "POSITION")?;
    }
    let mut last = (i64::MIN, i64::MIN);
    each_entry::<8>(input, |entry| {
        let (relative, position) = entry.split_at(4);
        let (offset, position) = (base.saturating_add(i64_of(relative)), i64_of(position));
        if json {
            writeln!(out, "{}", json!({"offset": offset, "position": position}))?;
        } else {
            writeln!(out, "{offset:>12} {position:>12}")?;
        }
        let grows = offset > last.0 && position > last.1 && offset >= base && position >= 0;
        last = (offset, position);
        Ok(grows)
    })
}

/// Writes the entries of a .timeindex file.
pub fn dump_times(input: impl Read, base: i64, json: bool, out: &mut impl Write) -> io::Result<Option<Damage>> {
    if !json {
        writeln!(out, "{:>12} {:>15} TIME", "OFFSET", "TIMESTAMP")?;
    }
    let mut last = (i64::MIN, i64::MIN);
    each_entry::<12>(input, |entry| {
        let (timestamp, relative) = entry.split_at(8);
        let (timestamp, offset) = (i64_of(timestamp), base.saturating_add(i64_of(relative)));
        if json {
            writeln!(out, "{}", json!({"timestamp": timestamp, "offset": offset}))?;
        } else {
            writeln!(out, "{offset:>12} {timestamp:>15} {}", time(Timestamp(timestamp)))?;
        }
        let grows = timestamp > last.0 && offset >= last.1 && offset >= base;
        last = (timestamp, offset);
        Ok(grows)
    })
}

/// Calls `entry` with each entry until the end or the zeros; it says whether the entry may follow the one before.
fn each_entry<const LEN: usize>(
    mut input: impl Read,
    mut entry: impl FnMut(&[u8; LEN]) -> io::Result<bool>,
) -> io::Result<Option<Damage>> {
    let (mut position, mut damage) = (0, None);
    loop {
        let mut bytes = Vec::with_capacity(LEN);
        (&mut input).take(LEN as u64).read_to_end(&mut bytes)?;
        let Some(bytes) = bytes.first_chunk::<LEN>() else {
            let torn = Damage { position, reason: "the last entry is cut short".to_owned() };
            return Ok(damage.or((!bytes.is_empty()).then_some(torn)));
        };
        if bytes == &[0; LEN] && position > 0 {
            return Ok(damage);
        }
        if !entry(bytes)? {
            let reason = "the entry is not behind the one before it".to_owned();
            damage.get_or_insert(Damage { position, reason });
        }
        position += LEN as u64;
    }
}

/// A big-endian integer of 4 or 8 bytes.
fn i64_of(bytes: &[u8]) -> i64 {
    match (bytes.first_chunk::<8>(), bytes.first_chunk::<4>()) {
        (Some(&bytes), _) => i64::from_be_bytes(bytes),
        (None, Some(&bytes)) => i32::from_be_bytes(bytes).into(),
        (None, None) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(entries: &[(i32, i32)]) -> Vec<u8> {
        entries.iter().flat_map(|(offset, position)| [offset.to_be_bytes(), position.to_be_bytes()].concat()).collect()
    }

    fn dumped(bytes: &[u8]) -> (String, Option<u64>) {
        let mut out = Vec::new();
        let damage = dump_offsets(bytes, 100, true, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), damage.map(|damage| damage.position))
    }

    #[test]
    fn entries_are_shown_up_to_the_zeros() {
        let text = "{\"offset\":105,\"position\":4096}\n{\"offset\":109,\"position\":9000}\n";
        assert_eq!(dumped(&offsets(&[(5, 4096), (9, 9000), (0, 0), (0, 0)])), (text.to_owned(), None));
        assert_eq!(dumped(b""), (String::new(), None));
    }

    #[test]
    fn entries_that_step_back_or_end_early_are_damage() {
        assert_eq!(dumped(&offsets(&[(5, 4096), (5, 9000)])).1, Some(8));
        assert_eq!(dumped(&offsets(&[(5, 4096), (6, 100), (7, 50)])).1, Some(8));
        assert_eq!(dumped(&offsets(&[(5, 4096), (9, 9000)])[..13]).1, Some(8));
    }

    #[test]
    fn time_entries_have_twelve_bytes() {
        let bytes = [&1_000_i64.to_be_bytes()[..], &7_i32.to_be_bytes()].concat();
        let mut out = Vec::new();
        assert_eq!(dump_times(&*bytes, 100, false, &mut out).unwrap(), None);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("         107            1000 1970-01-01T00:00:01.000Z\n"), "{text}");
    }
}
