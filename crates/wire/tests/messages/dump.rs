//! One text for the same value of two implementations, from their `Debug` output.

use std::fmt::Debug;

use record::Uuid;
use wire::ErrorCode;

/// Ours: record bytes and tokens become byte strings.
pub fn ours(value: &impl Debug) -> String {
    let text = OUR_FIELDS.iter().fold(format!("{value:?}"), |text, field| text.replace(field, ""));
    let text = BYTES.iter().fold(text, |text, field| map_bytes(&text, field));
    map(&text, "Bytes([", "])", |list| {
        let numbers = list.split(", ").filter(|number| !number.is_empty());
        let bytes: Vec<u8> = numbers.map(|number| number.parse().unwrap()).collect();
        format!("{:?}", bytes::Bytes::from(bytes))
    })
}

/// Fields that only we have, at their defaults: a newer one of Kafka's, and tags of our own.
const OUR_FIELDS: [&str; 3] = [
    ", is_cordoned: false",
    ", tells_cache: false",
    ", cache: LogCache { cached_bytes: -1, hot_from: -1, fetched_bytes: -1, cold_bytes: -1 }",
];

/// Fields of bytes that are no record batch.
const BYTES: [&str; 8] = [
    "metrics",
    "salt",
    "salted_password",
    "auth_bytes",
    "metadata",
    "assignment",
    "member_metadata",
    "member_assignment",
];

/// A field of bytes that are no record batch.
fn map_bytes(text: &str, field: &str) -> String {
    map(text, &format!(" {field}: ["), "]", |list| format!(" {field}: Bytes([{list}])"))
}

/// Fields that only they have, of InitProducerId 6 (KIP-939), at their defaults.
const NEWER_FIELDS: [&str; 2] =
    [", enable_2_pc: false, keep_prepared_txn: false", ", ongoing_txn_producer_id: -1, ongoing_txn_producer_epoch: -1"];

/// Theirs: unknown tags and newer fields go away, ids become base64, error codes become names.
pub fn theirs(value: &impl Debug) -> String {
    let text = NEWER_FIELDS.iter().fold(format!("{value:?}"), |text, field| text.replace(field, ""));
    let text = map_field(&text, "error_code", |code| format!("{:?}", ErrorCode(code.parse().unwrap())));
    let text = text.replace("_match: ", "match: ");
    let text = map_field(&text, "topic_id", uuid);
    let text = map_field(&text, "client_instance_id", uuid);
    let text = map_field(&text, "replica_directory_id", uuid);
    without_unknown_tags(&text)
}

fn uuid(hyphenated: &str) -> String {
    let hex = hyphenated.replace('-', "");
    let byte = |index: usize| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap();
    format!("{:?}", Uuid(std::array::from_fn(byte)))
}

/// A comma or a space follows; neither is in a number or an id.
fn map_field(text: &str, field: &str, change: impl Fn(&str) -> String) -> String {
    let start = format!("{field}: ");
    let mut parts = text.split(&start);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |done, part| {
        let (value, rest) = part.split_at(part.find([',', ' ']).unwrap());
        done + &start + &change(value) + rest
    })
}

/// Replaces each `start value end` by what `change` makes of the value.
fn map(text: &str, start: &str, end: &str, change: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(start);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |done, part| {
        let (value, rest) = part.split_once(end).unwrap();
        done + &change(value) + rest
    })
}

/// Takes out the unknown tags: a map from tags to byte strings, in which a brace can be quoted.
fn without_unknown_tags(text: &str) -> String {
    let mut parts = text.split(", unknown_tagged_fields: {");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |done, part| {
        let (mut quoted, mut escaped) = (false, false);
        let end = part.find(|c| {
            let ends = c == '}' && !quoted;
            quoted ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        done + &part[end.unwrap() + 1..]
    })
}
