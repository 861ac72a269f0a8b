//! The records that every client writes, and how those that take a run of records at a time cut them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::batch::Record;

/// What is special about a record: a feature of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Keyed,
    NoKey,
    NullValue,
    EmptyValue,
    EmptyKey,
    EmptyRecord,
    NullRecord,
    TextHeaders,
    NullHeader,
    BinaryHeader,
    Binary,
    Large,
}

impl Kind {
    pub const ALL: [Kind; 12] = [
        Kind::Keyed,
        Kind::NoKey,
        Kind::NullValue,
        Kind::EmptyValue,
        Kind::EmptyKey,
        Kind::EmptyRecord,
        Kind::NullRecord,
        Kind::TextHeaders,
        Kind::NullHeader,
        Kind::BinaryHeader,
        Kind::Binary,
        Kind::Large,
    ];

    /// As the table of cells calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Keyed => "key and value",
            Kind::NoKey => "null key",
            Kind::NullValue => "null value",
            Kind::EmptyValue => "value of 0 bytes",
            Kind::EmptyKey => "key of 0 bytes",
            Kind::EmptyRecord => "null key, value of 0 bytes",
            Kind::NullRecord => "null key, null value",
            Kind::TextHeaders => "headers: text, empty, a name twice",
            Kind::NullHeader => "header of null",
            Kind::BinaryHeader => "header of bytes that are no text",
            Kind::Binary => "value of bytes that are no text",
            Kind::Large => "value of 1,000,000 bytes",
        }
    }
}

/// A record, the partition it goes to and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub kind: Kind,
    pub partition: i32,
    /// Milliseconds since 1970; None leaves it to the client.
    pub timestamp: Option<i64>,
    pub record: Record,
}

/// A record as a client read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub partition: i32,
    pub offset: i64,
    pub timestamp: i64,
    /// Whether the time is the broker's; None where the client does not tell.
    pub append_time: Option<bool>,
    pub record: Record,
}

/// The size of the large record: near the 1,048,588 bytes that a batch may have by default.
const LARGE_LEN: usize = 1_000_000;

/// Small records that compress well, on all partitions, and one of each special kind. `writer` is part of every key and
/// most values, so that a wrong record tells where it came from. Each has a time of its own, counted from `made`.
pub fn all_kinds(writer: &str, partitions: i32, made: i64) -> Vec<Placed> {
    let small = (0..240).map(|i| {
        let record = keyed(&format!("{writer} key {i}"), Some(format!("{writer} value {i} ").repeat(10).into_bytes()));
        (Kind::Keyed, i * partitions / 240, record)
    });
    let special = (0..).zip(special(writer)).map(|(i, (kind, record))| (kind, i % partitions, record));
    (made..)
        .zip(small.chain(special))
        .map(|(made, (kind, partition, record))| Placed { kind, partition, timestamp: Some(made), record })
        .collect()
}

fn special(writer: &str) -> Vec<(Kind, Record)> {
    let key = |kind: &str| format!("{writer} {kind}");
    let header = |name: &str, value: Option<&[u8]>| (name.to_owned(), value.map(<[u8]>::to_vec));
    let text_headers = vec![header("a", Some(b"1")), header("a", Some(b"2")), header("empty", Some(b""))];
    let null_header = vec![header("null", None), header("b", Some(b"3"))];
    let binary_header = vec![header("binary", Some(&[0xff, 0xfe]))];
    let with_headers = |kind, headers| Record { headers, ..keyed(&key(kind), Some(b"with headers".to_vec())) };
    vec![
        (Kind::NoKey, Record::of(format!("{writer} without a key"))),
        (Kind::NullValue, keyed(&key("null value"), None)),
        (Kind::EmptyValue, keyed(&key("value of 0 bytes"), Some(Vec::new()))),
        (Kind::EmptyKey, keyed("", Some(format!("{writer} with a key of 0 bytes").into_bytes()))),
        (Kind::EmptyRecord, Record::of("")),
        (Kind::NullRecord, Record::default()),
        (Kind::TextHeaders, with_headers("text headers", text_headers)),
        (Kind::NullHeader, with_headers("null header", null_header)),
        (Kind::BinaryHeader, with_headers("binary header", binary_header)),
        (Kind::Binary, keyed(&key("binary"), Some((0..=255).collect()))),
        (Kind::Large, keyed(&key("large"), Some(letters(LARGE_LEN)))),
    ]
}

/// The record as the jobs have it.
pub fn to_json(placed: &Placed) -> Value {
    let encoded = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
    let Record { key, value, headers } = &placed.record;
    let headers: Vec<_> = headers.iter().map(|(name, value)| json!([name, encoded(value)])).collect();
    json!({
        "partition": placed.partition,
        "timestamp": placed.timestamp,
        "key": encoded(key),
        "value": encoded(value),
        "headers": headers,
    })
}

/// A line of a client that has read.
pub fn from_json(line: &Value) -> Seen {
    let decoded = |value: &Value| value.as_str().map(|text| STANDARD.decode(text).unwrap());
    let header = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), decoded(&pair[1]));
    let headers = line["headers"].as_array().unwrap().iter().map(header).collect();
    Seen {
        partition: line["partition"].as_i64().unwrap() as i32,
        offset: line["offset"].as_i64().unwrap(),
        timestamp: line["timestamp"].as_i64().unwrap(),
        append_time: line["append_time"].as_bool(),
        record: Record { key: decoded(&line["key"]), value: decoded(&line["value"]), headers },
    }
}

/// As [`from_json`] takes it.
pub fn seen_json(seen: &Seen) -> Value {
    let placed = Placed {
        kind: Kind::Keyed,
        partition: seen.partition,
        timestamp: Some(seen.timestamp),
        record: seen.record.clone(),
    };
    let mut line = to_json(&placed);
    line["offset"] = seen.offset.into();
    line
}

/// The records of a job that writes.
pub fn of_job(job: &Value) -> Vec<Placed> {
    let placed = |line: &Value| {
        let mut line = line.clone();
        line["offset"] = 0.into();
        let timestamp = line["timestamp"].take().as_i64();
        line["timestamp"] = timestamp.unwrap_or(0).into();
        let seen = from_json(&line);
        Placed { kind: Kind::Keyed, partition: seen.partition, timestamp, record: seen.record }
    };
    job["records"].as_array().unwrap().iter().map(placed).collect()
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
