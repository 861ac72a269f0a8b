use super::*;

fn of(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition: PartitionIndex(partition) }
}

fn subscription() -> MemberSubscription {
    MemberSubscription {
        topics: vec!["a".to_owned(), "b".to_owned()],
        user_data: Some(vec![1, 2]),
        owned: vec![of("a", 0), of("a", 2), of("b", 1)],
        generation: 7,
        rack: Some("r".to_owned()),
    }
}

/// KIP-429, KIP-792 and KIP-881 each added a field at the end.
#[test]
fn a_subscription_of_any_version_is_read() {
    let newest = subscription().encode();
    assert_eq!(newest[..2], [0, 3]);
    assert_eq!(MemberSubscription::decode(&newest), Ok(subscription()));
    let cut = |version: u8, less: usize| {
        let mut bytes = newest[..newest.len() - less].to_vec();
        bytes[1] = version;
        MemberSubscription::decode(&bytes)
    };
    let v2 = MemberSubscription { rack: None, ..subscription() };
    let v1 = MemberSubscription { generation: -1, ..v2.clone() };
    let v0 = MemberSubscription { owned: Vec::new(), ..v1.clone() };
    // A rack of one letter, a generation, two topics with three partitions.
    assert_eq!(cut(2, 3), Ok(v2));
    assert_eq!(cut(1, 7), Ok(v1));
    assert_eq!(cut(0, 7 + 4 + 2 * (3 + 4) + 3 * 4), Ok(v0));
    assert_eq!(cut(9, 0), Ok(subscription()), "a newer one begins like this one");
}

#[test]
fn what_is_cut_short_or_lies_about_its_length_is_refused() {
    let whole = subscription().encode();
    for len in 0..whole.len() {
        assert_eq!(MemberSubscription::decode(&whole[..len]), Err(BadBlob), "{len}");
    }
    assert_eq!(MemberSubscription::decode(&[0, 0, 0x7f, 0xff, 0xff, 0xff]), Err(BadBlob));
    assert_eq!(decode_assignment(&[0xff, 0xff, 0, 0, 0, 0]), Err(BadBlob));
}

#[test]
fn assignments_and_what_sticky_remembers_are_read_as_written() {
    let some = vec![of("a", 1), of("b", 0)];
    assert_eq!(decode_assignment(&encode_assignment(&some)), Ok(some.clone()));
    assert_eq!(decode_assignment(&[]), Ok(Vec::new()));
    let remembered = encode_sticky(&some, 3);
    assert_eq!(decode_sticky(&remembered), Ok((some.clone(), 3)));
    assert_eq!(decode_sticky(&remembered[..remembered.len() - 4]), Ok((some, -1)), "version 0");
    assert_eq!(decode_cooperative(&encode_cooperative(5)), Ok(5));
}

/// As Java's `ConsumerProtocol.serializeAssignment` has it.
#[test]
fn an_assignment_has_javas_bytes() {
    let expected = [
        &[0, 3][..],               // version
        &[0, 0, 0, 1, 0, 1, b't'], // one topic
        &[0, 0, 0, 1, 0, 0, 0, 4], // one partition
        &[0xff, 0xff, 0xff, 0xff], // no user data
    ];
    assert_eq!(encode_assignment(&[of("t", 4)]), expected.concat());
}

#[test]
fn no_name_is_longer_than_topics_can_have() {
    for (len, is_read) in [(249, true), (250, false)] {
        let partition = TopicPartition { topic: "t".repeat(len), partition: PartitionIndex(0) };
        assert_eq!(decode_assignment(&encode_assignment(&[partition])).is_ok(), is_read, "{len}");
    }
}
