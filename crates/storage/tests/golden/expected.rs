//! What Kafka's clients read: `expected.json`, and the same of batches that we read.

use std::path::Path;

use record::{Limits, Offset, Timestamp};
use serde_json::Value;

/// One file.
pub struct Expected {
    pub topics: Vec<Topic>,
}

/// One topic of one partition.
pub struct Topic {
    pub name: String,
    pub earliest: Offset,
    pub latest: Offset,
    pub max_timestamp: Option<(Offset, Timestamp)>,
    pub by_time: Vec<(Timestamp, Option<(Offset, Timestamp)>)>,
    /// The offsets that a consumer of committed records gets.
    pub committed: Vec<i64>,
    pub records: Vec<Seen>,
}

/// A record without its bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub offset: i64,
    pub timestamp: i64,
    pub key: Option<Digest>,
    pub value: Option<Digest>,
    pub headers: Vec<(String, Option<Digest>)>,
}

/// Length and CRC-32C.
pub type Digest = (u64, u64);

impl Expected {
    pub fn load(path: &Path) -> Expected {
        let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        Expected {
            topics: json.as_object().unwrap().iter().map(|(name, topic)| Topic::from_json(name, topic)).collect(),
        }
    }
}

impl Topic {
    fn from_json(name: &str, json: &Value) -> Topic {
        let found = |offset: &Value, time: &Value| {
            let (offset, time) = (offset.as_i64().unwrap(), time.as_i64().unwrap());
            (offset >= 0).then_some((Offset(offset), Timestamp(time)))
        };
        let by_time = |probe: &Value| (Timestamp(probe[0].as_i64().unwrap()), found(&probe[1], &probe[2]));
        let array = |key: &str| json[key].as_array().unwrap().iter();
        Topic {
            name: name.to_owned(),
            earliest: Offset(json["earliest"].as_i64().unwrap()),
            latest: Offset(json["latest"].as_i64().unwrap()),
            max_timestamp: found(&json["max_timestamp"][0], &json["max_timestamp"][1]),
            by_time: array("by_time").map(by_time).collect(),
            committed: array("committed").map(|offset| offset.as_i64().unwrap()).collect(),
            records: array("records").map(seen_from_json).collect(),
        }
    }
}

fn seen_from_json(json: &Value) -> Seen {
    let digest = |json: &Value| json.as_array().map(|pair| (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap()));
    let header = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), digest(&pair[1]));
    Seen {
        offset: json["offset"].as_i64().unwrap(),
        timestamp: json["timestamp"].as_i64().unwrap(),
        key: digest(&json["key"]),
        value: digest(&json["value"]),
        headers: json["headers"].as_array().unwrap().iter().map(header).collect(),
    }
}

/// The records of batches that a consumer hands out: all but those of control batches.
pub fn data_records(bytes: &[u8]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for batch in record::batches(bytes).map(Result::unwrap) {
        assert!(batch.crc_ok());
        if batch.header().attributes.is_control() {
            continue;
        }
        let mut scratch = Vec::new();
        let records = batch.records(&Limits::default(), &mut scratch).unwrap();
        seen.extend(records.map(|record| seen_of(&record.unwrap())));
    }
    seen
}

fn seen_of(record: &record::Record<'_>) -> Seen {
    let digest = |bytes: Option<&[u8]>| bytes.map(|bytes| (bytes.len() as u64, u64::from(record::crc32c(bytes))));
    let header = |header: record::Header<'_>| (String::from_utf8(header.key.to_vec()).unwrap(), digest(header.value));
    Seen {
        offset: record.offset.0,
        timestamp: record.timestamp.0,
        key: digest(record.key),
        value: digest(record.value),
        headers: record.headers.map(header).collect(),
    }
}
