//! The records that every client writes, and how those that take a run of records at a time cut them.

use crate::batch::Record;

/// A record and the partition it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub partition: i32,
    pub record: Record,
}

/// The size of the large record: near the 1,048,588 bytes that a batch may have by default.
const LARGE_LEN: usize = 1_000_000;

/// Small records that compress well, on all partitions, and one of each special kind. `writer` is part of every key and
/// most values, so that a wrong record tells where it came from.
pub fn all_kinds(writer: &str, partitions: i32) -> Vec<Placed> {
    let small = (0..240).map(|i| {
        let record = keyed(&format!("{writer} key {i}"), Some(format!("{writer} value {i} ").repeat(10).into_bytes()));
        Placed { partition: i * partitions / 240, record }
    });
    let special = (0..).zip(special(writer)).map(|(i, record)| Placed { partition: i % partitions, record });
    small.chain(special).collect()
}

fn special(writer: &str) -> Vec<Record> {
    let key = |kind: &str| format!("{writer} {kind}");
    let header = |name: &str, value: Option<&[u8]>| (name.to_owned(), value.map(<[u8]>::to_vec));
    let text_headers = vec![header("a", Some(b"1")), header("a", Some(b"2")), header("empty", Some(b""))];
    let null_header = vec![header("null", None), header("b", Some(b"3"))];
    let binary_header = vec![header("binary", Some(&[0xff, 0xfe]))];
    let with_headers = |kind, headers| Record { headers, ..keyed(&key(kind), Some(b"with headers".to_vec())) };
    vec![
        Record::of(format!("{writer} without a key")),
        keyed(&key("null value"), None),
        keyed(&key("value of 0 bytes"), Some(Vec::new())),
        keyed("", Some(format!("{writer} with a key of 0 bytes").into_bytes())),
        Record::of(""),
        Record::default(),
        with_headers("text headers", text_headers),
        with_headers("null header", null_header),
        with_headers("binary header", binary_header),
        keyed(&key("binary"), Some((0..=255).collect())),
        keyed(&key("large"), Some(letters(LARGE_LEN))),
    ]
}

fn keyed(key: &str, value: Option<Vec<u8>>) -> Record {
    Record { key: Some(key.as_bytes().to_vec()), value, headers: Vec::new() }
}

/// Letters without a pattern: text for every client, and still large after compression.
fn letters(len: usize) -> Vec<u8> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(1), next).take(len).map(|state| b'a' + (state >> 24) as u8 % 26).collect()
}

/// Consecutive records that a line-based client can write in one go: same partition, same headers, all or none of them
/// with a key, all or none of them null.
pub fn runs(records: &[Placed]) -> impl Iterator<Item = &[Placed]> {
    let kind = |placed: &Placed| (placed.record.key.is_some(), placed.record.value.is_none());
    records
        .chunk_by(move |a, b| a.partition == b.partition && a.record.headers == b.record.headers && kind(a) == kind(b))
}
