//! The same bytes and the same values as the `kafka-protocol` crate, for valid messages and for damaged ones.

use proptest::prelude::*;
use wire::{DecodeError, ErrorCode, Reason};

use crate::random::Random;
use crate::subject::{SUBJECTS, Subject, Value};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_same_bytes_are_the_same_value(seed: u64) {
        SUBJECTS.iter().for_each(|subject| subject.each(seed, |version, value, _| {
            let ours = (subject.decode)(&value.bytes, version).unwrap();
            assert_eq!(ours.bytes, value.bytes, "{} v{version}: {}", subject.name, value.text);
            if is_beyond(subject, version) {
                return;
            }
            let theirs = (subject.oracle)(&value.bytes, oracle_version(subject, version)).unwrap();
            assert_eq!(ours, theirs, "{} v{version}", subject.name);
        }));
    }

    #[test]
    fn damaged_bytes_are_judged_alike(seed: u64) {
        SUBJECTS.iter().for_each(|subject| subject.each(seed, |version, value, random| {
            for _ in 0..if is_beyond(subject, version) { 0 } else { 8 } {
                let bytes = damage(&value.bytes, random);
                judge(subject, &bytes, version);
            }
        }));
    }
}

#[test]
fn the_oracle_has_all_versions_but_a_few() {
    for subject in SUBJECTS {
        let missing = subject.versions.max - subject.oracle_max.min(subject.versions.max);
        let lacks = SAME_FIELDS.contains(&subject.name) || OTHER_FIELDS.contains(&subject.name);
        assert_eq!(missing, i16::from(lacks), "{}", subject.name);
    }
}

#[test]
fn the_table_of_keys_covers_the_messages() {
    for subject in SUBJECTS {
        let known = subject.key.versions().unwrap();
        assert!(known.min == subject.versions.min && known.max >= subject.versions.max, "{}", subject.name);
        for version in known.min..=known.max {
            assert_eq!(subject.key.is_flexible(version), version >= subject.flexible, "{} v{version}", subject.name);
        }
    }
}

#[test]
fn error_codes_have_kafkas_names_and_are_retriable_where_kafkas_are() {
    for code in (-1..=133).filter(|code| *code != 0) {
        let theirs = kafka_protocol::ResponseError::try_from_code(code).unwrap();
        let ours = ErrorCode(code);
        assert_eq!(ours.name().replace('_', "").to_lowercase(), format!("{theirs:?}").to_lowercase());
        // Kafka's exception for this code is retriable; the oracle has not followed.
        let retriable = theirs.is_retriable() || ours == ErrorCode::CONCURRENT_TRANSACTIONS;
        assert_eq!(ours.is_retriable(), retriable, "{ours}");
    }
    assert!(
        kafka_protocol::ResponseError::try_from_code(134).is_some_and(|error| format!("{error:?}").contains("Unknown"))
    );
}

/// Messages whose last version the oracle does not have, and which has the fields of the one before.
const SAME_FIELDS: [&str; 3] = ["DescribeLogDirsRequest", "ListOffsetsRequest", "ListOffsetsResponse"];

/// Messages whose last version the oracle does not have, with fields of its own; `bytes.rs` has its bytes.
const OTHER_FIELDS: [&str; 3] = ["DescribeLogDirsResponse", "OffsetCommitRequest", "OffsetFetchRequest"];

fn is_beyond(subject: &Subject, version: i16) -> bool {
    OTHER_FIELDS.contains(&subject.name) && version > subject.oracle_max
}

fn oracle_version(subject: &Subject, version: i16) -> i16 {
    version.min(subject.oracle_max)
}

/// Replaces, inserts or removes a byte, or cuts off the end.
fn damage(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = random.below(bytes.len() + 1);
    let any = random.next() as u8;
    let byte = [0, 1, 2, 0x7f, 0x80, 0xff, any][random.below(7)];
    match random.below(5) {
        0 if at < bytes.len() => drop(bytes.remove(at)),
        1 => bytes.truncate(at),
        2 => bytes.insert(at, byte),
        _ if at < bytes.len() => bytes[at] = byte,
        _ => bytes.push(byte),
    }
    bytes
}

fn judge(subject: &Subject, bytes: &[u8], version: i16) {
    let ours = (subject.decode)(bytes, version);
    let oracle = || (subject.oracle)(bytes, oracle_version(subject, version));
    let context = || format!("{} v{version}: {ours:?} of {bytes:?}", subject.name);
    match (&ours, ours.as_ref().err().and_then(stricter)) {
        (_, Some(Stricter::Unasked)) => {}
        (Ok(Value { text, .. }), _) => match oracle() {
            Ok(theirs) => assert_eq!(*text, theirs.text, "{}", context()),
            Err(error) => assert!(takes_for_null(&error), "{error}: {}", context()),
        },
        (Err(_), Some(Stricter::Accepted)) => {
            let refused = oracle().err().filter(|error| !takes_for_null(error));
            assert!(refused.is_none(), "{refused:?}: {}", context());
        }
        (Err(_), None) => assert!(oracle().is_err(), "{}", context()),
    }
}

/// Whether the oracle refused a length below -1, which Apache Kafka and we take for null.
fn takes_for_null(error: &str) -> bool {
    error.contains("length is negative")
}

/// How the oracle differs where it need not refuse what we refuse.
enum Stricter {
    /// It accepts the message.
    Accepted,
    /// It is not asked: it reads on where we stop, and then allocates whatever a count says, or aborts.
    Unasked,
}

fn stricter(error: &DecodeError) -> Option<Stricter> {
    match error.reason {
        Reason::TrailingBytes if error.field.is_empty() => Some(Stricter::Accepted),
        Reason::FalseCount => Some(Stricter::Unasked),
        // It reads the first five bytes and drops what is beyond 32 bits.
        Reason::LongVarint => Some(Stricter::Unasked),
        // It has no limit for compact strings.
        Reason::LongString => Some(Stricter::Unasked),
        // It allows null in all versions of a field that has null in some.
        Reason::Null if NULL_IN_LATER_VERSIONS.contains(&error.field) => Some(Stricter::Unasked),
        // It takes any marker but 1 for null.
        Reason::InvalidMarker => Some(Stricter::Unasked),
        // It ignores the size of a tagged field it knows.
        Reason::TagTruncated => Some(Stricter::Unasked),
        _ if in_tagged_field(error) => Some(Stricter::Unasked),
        _ => None,
    }
}

const NULL_IN_LATER_VERSIONS: [&str; 6] = [
    "DeletableTopicResult.name",
    "JoinGroupResponse.protocol_name",
    "MetadataRequest.topics",
    "MetadataRequestTopic.name",
    "MetadataResponseTopic.name",
    "OffsetFetchRequest.topics",
];

fn in_tagged_field(error: &DecodeError) -> bool {
    let fields = [
        "ApiVersionsResponse.supported_features",
        "ApiVersionsResponse.finalized_features",
        "ApiVersionsResponse.finalized_features_epoch",
        "ApiVersionsResponse.zk_migration_ready",
        "CreatableTopicResult.topic_config_error_code",
        "FetchPartition.replica_directory_id",
        "FetchPartition.high_watermark",
        "FetchRequest.cluster_id",
        "FetchRequest.replica_state",
        "FetchResponse.node_endpoints",
        "PartitionData.diverging_epoch",
        "PartitionData.current_leader",
        "PartitionData.snapshot_id",
        "PartitionProduceResponse.current_leader",
        "ProduceResponse.node_endpoints",
    ];
    let structs = [
        "EpochEndOffset",
        "FinalizedFeatureKey",
        "LeaderIdAndEpoch",
        "NodeEndpoint",
        "ReplicaState",
        "SnapshotId",
        "SupportedFeatureKey",
    ];
    let of_struct = error.field.split_once('.').is_some_and(|(name, _)| structs.contains(&name));
    of_struct || fields.contains(&error.field)
}
