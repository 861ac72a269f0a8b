//! Blobs there and back, and hostile ones.

use super::*;

fn partitions() -> [TopicPartitions<'static>; 2] {
    [
        TopicPartitions { topic: "a", partitions: vec![0, 2].into() },
        TopicPartitions { topic: "b", partitions: Array::EMPTY },
    ]
}

fn subscription(partitions: &[TopicPartitions<'static>]) -> Subscription<'static> {
    Subscription {
        topics: vec!["a", "b"].into(),
        user_data: Some(&[1, 2, 3]),
        owned_partitions: partitions.to_vec().into(),
        generation_id: 7,
        rack_id: Some("r"),
    }
}

#[test]
fn a_subscription_says_what_its_version_has() {
    let whole = subscription(&partitions());
    for version in 0..=3 {
        let bytes = whole.encode_blob(version);
        let (read, read_version) = Subscription::decode_blob(&bytes).unwrap();
        assert_eq!((read.topics.to_vec(), read.user_data, read_version), (vec!["a", "b"], Some(&[1, 2, 3][..]), version));
        assert_eq!(read.owned_partitions.len(), if version >= 1 { 2 } else { 0 });
        assert_eq!(read.generation_id, if version >= 2 { 7 } else { -1 });
        assert_eq!(read.rack_id, (version >= 3).then_some("r"));
    }
}

/// What the Java client writes: version, topics, null user data.
#[test]
fn the_bytes_are_those_of_other_clients() {
    let bytes = [0, 0, 0, 0, 0, 1, 0, 1, b't', 0xff, 0xff, 0xff, 0xff];
    let (read, _) = Subscription::decode_blob(&bytes).unwrap();
    assert_eq!((read.topics.to_vec(), read.user_data), (vec!["t"], None));
    assert_eq!(read.encode_blob(0), bytes);
    let partitions = vec![TopicPartitions { topic: "t", partitions: vec![5].into() }];
    let assignment = Assignment { partitions: partitions.into(), user_data: None };
    let bytes = [0, 1, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(assignment.encode_blob(1), bytes);
    assert_eq!(Assignment::decode_blob(&bytes).unwrap().0, assignment);
}

#[test]
fn a_later_version_is_read_as_the_last_known_one() {
    let mut bytes = subscription(&partitions()).encode_blob(3);
    bytes[1] = 9;
    bytes.extend([1, 2, 3]);
    assert_eq!(Subscription::decode_blob(&bytes).unwrap(), (subscription(&partitions()), 3));
}

#[test]
fn whatever_the_bytes_are_they_are_refused_or_read() {
    let bytes = subscription(&partitions()).encode_blob(3);
    for len in 0..bytes.len() {
        assert!(Subscription::decode_blob(&bytes[..len]).is_err(), "{len} bytes");
    }
    for place in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] = value;
            let _ = Subscription::decode_blob(&bytes);
            let _ = Assignment::decode_blob(&bytes);
        }
    }
    assert_eq!(Subscription::decode_blob(&[0xff, 0xff, 0, 0]), Err(ProtocolError::Version(-1)));
}

#[test]
fn a_member_that_was_given_nothing_has_no_partitions() {
    assert_eq!(Assignment::decode_blob(&[]).unwrap().0, Assignment::default());
}
