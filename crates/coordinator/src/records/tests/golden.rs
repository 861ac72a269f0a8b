//! Records as Apache Kafka 4.3.1 wrote them: the console consumer in groups of both protocols, and raw OffsetCommits.

use super::*;

const ORDERS: &str = "1af579ff6d33428cac0defab8533f388";
const CLASSIC_MEMBER: &str = "console-consumer-c29b1f51-73f7-4c9f-98eb-68bbfde4918f";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn orders() -> TopicId {
    record::Uuid(bytes(ORDERS).try_into().unwrap())
}

fn both_partitions() -> Partitions {
    [(orders(), [0, 1].into())].into()
}

/// The record is these bytes and these bytes are the record.
fn same(key: &str, value: &str, record: Record) {
    reads(key, value, &record);
    let encoded = record.encode();
    assert_eq!(encoded, EncodedRecord { key: bytes(key), value: Some(bytes(value)) });
}

fn reads(key: &str, value: &str, record: &Record) {
    assert_eq!(Record::decode(&bytes(key), Some(&bytes(value))).as_ref(), Ok(&Some(record.clone())));
}

fn offset(group: &str, partition: i32, value: OffsetCommit) -> Record {
    Record::OffsetCommit { group: group.into(), topic: "orders".into(), partition, value: Some(value) }
}

/// OffsetCommit v9 from no member, with a leader epoch.
#[test]
fn an_offset() {
    same(
        "000100056e65772d6700066f726465727300000000",
        "000400000000000000090000000301000001a1ffac16200100101af579ff6d33428cac0defab8533f388",
        offset(
            "new-g",
            0,
            OffsetCommit {
                offset: 9,
                leader_epoch: 3,
                metadata: "".into(),
                commit_timestamp: 1_795_290_830_368,
                expire_timestamp: None,
                topic_id: orders(),
            },
        ),
    );
}

/// OffsetCommit v2 with a retention time of an hour, and metadata.
#[test]
fn an_offset_with_a_retention_time() {
    let commit_timestamp = 1_795_290_830_353;
    same(
        "000100056f6c642d6700066f726465727300000001",
        "0001000000000000000700046e6f7465000001a1ffac1611000001a1ffe30491",
        offset(
            "old-g",
            1,
            OffsetCommit {
                offset: 7,
                leader_epoch: -1,
                metadata: "note".into(),
                commit_timestamp,
                expire_timestamp: Some(commit_timestamp + 3_600_000),
                topic_id: TopicId::ZERO,
            },
        ),
    );
}

/// A console consumer with the classic protocol, assigned.
#[test]
fn a_classic_group() {
    let subscription = "00030000000100066f7264657273ffffffff00000000ffffffffffff";
    let assignment = "00030000000100066f7264657273000000020000000000000001ffffffff";
    let member = MemberMetadata {
        member_id: CLASSIC_MEMBER.into(),
        instance_id: None,
        client_id: "console-consumer".into(),
        client_host: "/127.0.0.1".into(),
        rebalance_timeout: 300_000,
        session_timeout: 45_000,
        subscription: bytes(subscription).into(),
        assignment: bytes(assignment).into(),
    };
    let group = GroupMetadata {
        protocol_type: "consumer".into(),
        generation: 1,
        protocol: Some("range".into()),
        leader: Some(CLASSIC_MEMBER.into()),
        current_state_timestamp: 1_795_290_655_119,
        members: vec![member],
    };
    same(
        "00020009636c61737369632d67",
        "00030008636f6e73756d657200000001000572616e67650035636f6e736f6c652d636f6e73756d65722d63323962316635312d37336637\
         2d346339662d393865622d363862626664653439313866000001a1ffa9698f000000010035636f6e736f6c652d636f6e73756d65722d63\
         323962316635312d373366372d346339662d393865622d363862626664653439313866ffff0010636f6e736f6c652d636f6e73756d6572\
         000a2f3132372e302e302e31000493e00000afc80000001c00030000000100066f7264657273ffffffff00000000ffffffffffff000000\
         1e00030000000100066f7264657273000000020000000000000001ffffffff",
        Record::GroupMetadata { group: "classic-g".into(), value: Some(group) },
    );
}

/// What Kafka writes when the first member of a classic group joins.
#[test]
fn a_classic_group_that_is_new() {
    let group = GroupMetadata {
        protocol_type: "".into(),
        generation: 0,
        protocol: None,
        leader: None,
        current_state_timestamp: 1_795_290_655_037,
        members: Vec::new(),
    };
    same(
        "00020009636c61737369632d67",
        "0003000000000000ffffffff000001a1ffa9693d00000000",
        Record::GroupMetadata { group: "classic-g".into(), value: Some(group) },
    );
}

fn console_consumer() -> ConsumerGroupMemberMetadata {
    ConsumerGroupMemberMetadata {
        instance_id: None,
        rack_id: None,
        client_id: "console-consumer".into(),
        client_host: "/127.0.0.1".into(),
        subscribed_topic_names: vec!["orders".into()],
        subscribed_topic_regex: Some("".into()),
        rebalance_timeout_ms: 300_000,
        server_assignor: None,
        classic: None,
    }
}

/// A console consumer with the consumer protocol, a rack and an instance id; it sends an empty regular expression.
#[test]
fn a_member_of_a_consumer_group() {
    let member = ConsumerGroupMemberMetadata {
        instance_id: Some("inst-1".into()),
        rack_id: Some("r1".into()),
        ..console_consumer()
    };
    same(
        "0005000a636f6e73756d65722d670016494f4d336c2d6a56522d694449466955517a734e4c67",
        "000007696e73742d3103723111636f6e736f6c652d636f6e73756d65720b2f3132372e302e302e3102076f726465727301000493e00001\
         000100",
        Record::ConsumerGroupMemberMetadata {
            group: "consumer-g".into(),
            member: "IOM3l-jVR-iDIFiUQzsNLg".into(),
            value: Some(member),
        },
    );
}

/// A console consumer with the classic protocol in a consumer group.
#[test]
fn a_classic_member_of_a_consumer_group() {
    let range = "00030000000100066f7264657273ffffffff00000000ffffffffffff";
    let cooperative = "00030000000100066f726465727300000004ffffffff00000000ffffffffffff";
    let classic = ClassicMemberMetadata {
        session_timeout_ms: 45_000,
        supported_protocols: vec![
            ("range".into(), bytes(range).into()),
            ("cooperative-sticky".into(), bytes(cooperative).into()),
        ],
    };
    let member = ConsumerGroupMemberMetadata { classic: Some(classic), ..console_consumer() };
    same(
        "000500076d697865642d6700163341624d5a5f44465452796e57636276443162597567",
        "0000000011636f6e736f6c652d636f6e73756d65720b2f3132372e302e302e3102076f726465727301000493e000010060010000afc803\
         0672616e67651d00030000000100066f7264657273ffffffff00000000ffffffffffff0013636f6f70657261746976652d737469636b79\
         2100030000000100066f726465727300000004ffffffff00000000ffffffffffff0000",
        Record::ConsumerGroupMemberMetadata {
            group: "mixed-g".into(),
            member: "3AbMZ_DFTRynWcbvD1bYug".into(),
            value: Some(member),
        },
    );
}

#[test]
fn the_epoch_of_a_consumer_group() {
    let value = ConsumerGroupMetadata { epoch: 2, metadata_hash: -7_694_826_561_537_420_242 };
    same(
        "0003000a636f6e73756d65722d67",
        "00000000000201000895367c02df52542e",
        Record::ConsumerGroupMetadata { group: "consumer-g".into(), value: Some(value) },
    );
    let empty = ConsumerGroupMetadata { epoch: 3, metadata_hash: 0 };
    same(
        "0003000a636f6e73756d65722d67",
        "00000000000300",
        Record::ConsumerGroupMetadata { group: "consumer-g".into(), value: Some(empty) },
    );
}

#[test]
fn the_target_assignment_of_a_consumer_group() {
    let value = TargetAssignmentMetadata { assignment_epoch: 2, assignment_timestamp: 1_795_290_655_195 };
    same(
        "0006000a636f6e73756d65722d67",
        "000000000002010008000001a1ffa969db",
        Record::ConsumerGroupTargetAssignmentMetadata { group: "consumer-g".into(), value: Some(value) },
    );
    same(
        "0007000a636f6e73756d65722d670016494f4d336c2d6a56522d694449466955517a734e4c67",
        "0000021af579ff6d33428cac0defab8533f3880300000000000000010000",
        Record::ConsumerGroupTargetAssignmentMember {
            group: "consumer-g".into(),
            member: "IOM3l-jVR-iDIFiUQzsNLg".into(),
            value: Some(both_partitions()),
        },
    );
}

/// Kafka tags each topic with the epochs that its partitions were assigned at (KIP-1251).
#[test]
fn the_assignment_of_a_member() {
    let key = "0008000a636f6e73756d65722d670016494f4d336c2d6a56522d694449466955517a734e4c67";
    let assigned = |member_epoch, epoch: Option<i32>| Record::ConsumerGroupCurrentMemberAssignment {
        group: "consumer-g".into(),
        member: "IOM3l-jVR-iDIFiUQzsNLg".into(),
        value: Some(CurrentMemberAssignment {
            member_epoch,
            previous_member_epoch: 0,
            state: 0,
            assigned: both_partitions(),
            pending_revocation: Partitions::new(),
            epochs: epoch.map(|epoch| (orders(), [(0, epoch), (1, epoch)].into())).into_iter().collect(),
        }),
    };
    same(
        key,
        "0000000000020000000000021af579ff6d33428cac0defab8533f3880300000000000000010100090300000002000000020100",
        assigned(2, Some(2)),
    );
    // The static member left, and may come back.
    let away = "0000fffffffe0000000000021af579ff6d33428cac0defab8533f3880300000000000000010100090300000000000000000100";
    same(key, away, assigned(-2, Some(0)));
    // Before there were epochs.
    same(key, "0000000000020000000000021af579ff6d33428cac0defab8533f388030000000000000001000100", assigned(2, None));
}

#[test]
fn a_tombstone_of_a_kind_that_is_not_kept() {
    assert_eq!(Record::decode(&bytes("000400076d697865642d67"), None), Ok(None));
}
