use client::{ConsumerRecord, Offset, PartitionIndex, Timestamp};

use super::*;

fn record(key: Option<&'static [u8]>, value: Option<&'static [u8]>) -> ConsumerRecord {
    ConsumerRecord {
        topic: "t".into(),
        partition: PartitionIndex(3),
        offset: Offset(7),
        timestamp: Timestamp(0),
        key: key.map(Into::into),
        value: value.map(Into::into),
        headers: vec![(b"h"[..].into(), Some(b"1"[..].into())), (b"h"[..].into(), None)],
    }
}

fn line(format: Format, record: &ConsumerRecord) -> String {
    let formatter = Formatter { format, key_separator: b":".to_vec(), null: b"NULL".to_vec() };
    let mut out = Vec::new();
    formatter.write(&mut out, record).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn lines_show_what_the_format_says() {
    let with_key = record(Some(b"k"), Some(b"v"));
    assert_eq!(line(Format::Value, &with_key), "v\n");
    assert_eq!(line(Format::KeyValue, &with_key), "k:v\n");
    assert_eq!(line(Format::KeyValue, &record(None, None)), "NULL:NULL\n");
    assert_eq!(line(Format::Full, &with_key), "3\t7\t1970-01-01T00:00:00.000Z\tk\tv\th=1,h=NULL\n");
}

#[test]
fn json_is_json_whatever_the_bytes() {
    let read =
        |record: &ConsumerRecord| serde_json::from_str::<serde_json::Value>(&line(Format::Json, record)).unwrap();
    let headers = serde_json::json!([{"key": "h", "value": "1"}, {"key": "h", "value": null}]);
    let expected = serde_json::json!({
        "topic": "t", "partition": 3, "offset": 7, "timestamp": 0, "key": null, "value": "a\"\n", "headers": headers,
    });
    assert_eq!(read(&record(None, Some(b"a\"\n"))), expected);
    let binary = read(&record(Some(&[0xff]), Some(b"")));
    assert_eq!((&binary["key_base64"], &binary["value"]), (&"/w==".into(), &"".into()));
    assert!(binary.get("key").is_none());
}
