mod golden;
mod random;

use super::*;

/// A record of which the value is version 0 of its kind, in the not flexible form.
fn decoded(key: &[&[u8]], value: &[&[u8]]) -> Result<Option<Record>, DecodeError> {
    Record::decode(&key.concat(), Some(&value.concat()))
}

const OFFSET_KEY: &[&[u8]] = &[b"\0\x01", b"\0\x01g", b"\0\x01t", b"\0\0\0\x05"];

fn offset_of(value: &[&[u8]]) -> OffsetCommit {
    match decoded(OFFSET_KEY, value).unwrap().unwrap() {
        Record::OffsetCommit { group, topic, partition: 5, value: Some(value) } if &*group == "g" && &*topic == "t" => {
            value
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_older_versions_of_an_offset_are_read() {
    let (offset, metadata, at) = (7_i64.to_be_bytes(), b"\0\x01m", 1_000_i64.to_be_bytes());
    let plain = OffsetCommit {
        offset: 7,
        leader_epoch: -1,
        metadata: "m".into(),
        commit_timestamp: 1_000,
        expire_timestamp: None,
        topic_id: TopicId::ZERO,
    };
    assert_eq!(offset_of(&[b"\0\0", &offset, metadata, &at]), plain);
    assert_eq!(offset_of(&[b"\0\x02", &offset, metadata, &at]), plain);
    let expiring = OffsetCommit { expire_timestamp: Some(2_000), ..plain.clone() };
    assert_eq!(offset_of(&[b"\0\x01", &offset, metadata, &at, &2_000_i64.to_be_bytes()]), expiring);
    let never = offset_of(&[b"\0\x01", &offset, metadata, &at, &(-1_i64).to_be_bytes()]);
    assert_eq!(never, plain);
    let fenced = OffsetCommit { leader_epoch: 4, ..plain };
    assert_eq!(offset_of(&[b"\0\x03", &offset, b"\0\0\0\x04", metadata, &at]), fenced);
}

#[test]
fn an_offset_of_the_oldest_kind_is_an_offset() {
    let key: &[&[u8]] = &[b"\0\0", b"\0\x01g", b"\0\x01t", b"\0\0\0\x05"];
    let expected = Record::OffsetCommit { group: "g".into(), topic: "t".into(), partition: 5, value: None };
    assert_eq!(Record::decode(&key.concat(), None), Ok(Some(expected)));
}

#[test]
fn the_older_versions_of_a_group_are_read() {
    let head: &[&[u8]] = &[b"\0\x08consumer", b"\0\0\0\x03", b"\0\x05range", b"\0\x01a"];
    let since = 9_i64.to_be_bytes();
    let tail: &[&[u8]] = &[b"\0\0\0\x0a", b"\0\0\0\x01s", b"\0\0\0\x01x"];
    let instance: &[u8] = b"\0\x01i";
    for version in 0..=3_u8 {
        let version_bytes = [0, version];
        let mut value: Vec<&[u8]> = vec![&version_bytes];
        value.extend(head);
        value.extend((version >= 2).then_some(&since[..]));
        value.extend([&b"\0\0\0\x01"[..], b"\0\x01a"]);
        value.extend((version >= 3).then_some(instance));
        value.extend([&b"\0\x01c"[..], b"\0\x02/h"]);
        value.extend((version >= 1).then_some(&b"\0\0\0\x14"[..]));
        value.extend(tail);
        let member = MemberMetadata {
            member_id: "a".into(),
            instance_id: (version >= 3).then(|| "i".into()),
            client_id: "c".into(),
            client_host: "/h".into(),
            rebalance_timeout: if version >= 1 { 20 } else { 10 },
            session_timeout: 10,
            subscription: b"s"[..].into(),
            assignment: b"x"[..].into(),
        };
        let expected = GroupMetadata {
            protocol_type: "consumer".into(),
            generation: 3,
            protocol: Some("range".into()),
            leader: Some("a".into()),
            current_state_timestamp: if version >= 2 { 9 } else { -1 },
            members: vec![member],
        };
        let record = Record::GroupMetadata { group: "g".into(), value: Some(expected) };
        assert_eq!(decoded(&[b"\0\x02", b"\0\x01g"], &value), Ok(Some(record)), "version {version}");
    }
}

/// Kafka's schema has no default of null for the tag, so that a member without it is a classic one.
#[test]
fn a_member_without_a_tag_is_a_classic_one() {
    let fields: &[&[u8]] = &[b"\0\0", b"\0\0\x02c\x02h\x01\0", b"\0\0\0\x05", b"\0"];
    let read = |tags: &[u8]| match decoded(&[b"\0\x05", b"\0\x01g", b"\0\x01m"], &[&fields.concat(), tags]) {
        Ok(Some(Record::ConsumerGroupMemberMetadata { value: Some(value), .. })) => value.classic,
        other => panic!("{other:?}"),
    };
    let default = ClassicMemberMetadata { session_timeout_ms: 0, supported_protocols: Vec::new() };
    assert_eq!(read(b"\0"), Some(default));
    assert_eq!(read(b"\x01\0\x01\0"), None);
}

#[test]
fn kinds_of_other_groups_are_passed_over() {
    for kind in [4_i16, 9, 12, 15, 17, 21, 300, -1] {
        assert_eq!(Record::decode(&kind.to_be_bytes(), Some(b"\xff\xff\xff")), Ok(None), "kind {kind}");
    }
}

#[test]
fn a_version_of_the_future_is_told_from_damage() {
    let later = decoded(OFFSET_KEY, &[b"\0\x05"]);
    assert_eq!(later, Err(DecodeError::Version { kind: 1, version: 5 }));
    assert!(matches!(decoded(OFFSET_KEY, &[b"\0"]), Err(DecodeError::Value { kind: 1, .. })));
    assert!(matches!(decoded(&[b"\0\x01", b"\0\x09g"], &[]), Err(DecodeError::Key(_))));
    assert!(matches!(Record::decode(b"", None), Err(DecodeError::Key(_))));
}
