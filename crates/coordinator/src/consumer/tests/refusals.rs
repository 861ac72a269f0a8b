//! Requests that are refused, in Kafka's words. KIP-848.

use super::*;

fn with<'a>(change: impl FnOnce(&mut ConsumerGroupHeartbeatRequest<'a>)) -> ConsumerGroupHeartbeatRequest<'a> {
    let mut request = join("m", &["a"]);
    change(&mut request);
    request
}

#[test]
fn a_field_that_is_not_what_it_must_be_is_named() {
    let table: [(ConsumerGroupHeartbeatRequest<'_>, &str); 10] = [
        (with(|r| r.member_id = ""), "MemberId can't be empty."),
        (with(|r| r.group_id = ""), "GroupId can't be empty."),
        (with(|r| r.instance_id = Some("")), "InstanceId can't be empty."),
        (with(|r| r.rack_id = Some("")), "RackId can't be empty."),
        (with(|r| r.rebalance_timeout_ms = -1), "RebalanceTimeoutMs must be provided in first request."),
        (with(|r| r.topic_partitions = None), "TopicPartitions must be empty when (re-)joining."),
        (
            with(|r| r.topic_partitions = owns("m", 1, &parts(&[("a", &[0])])).topic_partitions),
            "TopicPartitions must be empty when (re-)joining.",
        ),
        (
            with(|r| r.subscribed_topic_names = None),
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
        ),
        (with(|r| r.member_epoch = -2), "InstanceId can't be null."),
        (with(|r| r.member_epoch = -3), "MemberEpoch is invalid."),
    ];
    for (request, text) in table {
        let mut lab = Lab::new(&[("a", 1)]);
        assert_eq!(lab.refused(&request), (ErrorCode::INVALID_REQUEST, text.into()));
        assert_eq!(lab.log, []);
        assert!(lab.shard.groups.is_empty());
    }
}

#[test]
fn an_unknown_assignor_is_answered_with_the_known_ones() {
    let refused = Lab::new(&[]).refused(&with(|r| r.server_assignor = Some("sticky")));
    let text = "ServerAssignor sticky is not supported. Supported assignors: uniform, range.";
    assert_eq!(refused, (ErrorCode::UNSUPPORTED_ASSIGNOR, text.into()));
}

#[test]
fn a_group_that_is_not_there_is_not_found() {
    let mut lab = Lab::new(&[]);
    assert_eq!(lab.refused(&beat("m", 1)), (ErrorCode::GROUP_ID_NOT_FOUND, "Consumer group g not found.".into()));
    assert_eq!(lab.refused(&beat("m", -1)), (ErrorCode::GROUP_ID_NOT_FOUND, "Group g not found.".into()));
    let described = lab.describe();
    assert_eq!(
        (described.error, described.error_message.as_deref()),
        (ErrorCode::GROUP_ID_NOT_FOUND, Some("Group g not found."))
    );
}

#[test]
fn a_stranger_is_unknown() {
    let mut lab = Lab::new(&[("a", 1)]);
    lab.says(&join("m", &["a"]));
    let unknown = (ErrorCode::UNKNOWN_MEMBER_ID, "Member x is not a member of group g.".into());
    assert_eq!(lab.refused(&beat("x", 1)), unknown);
    assert_eq!(lab.refused(&beat("x", -1)), unknown);
}

#[test]
fn an_epoch_that_is_not_the_members_is_fenced() {
    let mut lab = Lab::new(&[("a", 1), ("b", 1)]);
    lab.says(&join("m", &["a"]));
    let text = |than, received, known| {
        format!(
            "The consumer group member has a {than} member epoch ({received}) than the one known by the group coordinator ({known}). The member must abandon all its partitions and rejoin."
        )
    };
    assert_eq!(lab.refused(&beat("m", 9)), (ErrorCode::FENCED_MEMBER_EPOCH, text("greater", 9, 1)));
    for topics in [["b"], ["a"], ["b"]] {
        lab.says(&join("m", &topics));
    }
    let epoch = lab.members()["m"].0;
    assert_eq!(lab.refused(&beat("m", 1)), (ErrorCode::FENCED_MEMBER_EPOCH, text("smaller", 1, epoch)));
}

#[test]
fn a_full_group_takes_back_whom_it_has_and_nobody_else() {
    let mut lab = Lab::new(&[("a", 1)]).with(|settings| settings.consumer.members_max = 1);
    lab.says(&join("m", &["a"]));
    let full =
        (ErrorCode::GROUP_MAX_SIZE_REACHED, "The consumer group has reached its maximum capacity of 1 members.".into());
    assert_eq!(lab.refused(&join("n", &["a"])), full);
    assert_eq!(lab.told(&join("m", &["a"])).0, 1);
}

#[test]
fn the_protocol_may_be_switched_off() {
    let mut lab = Lab::new(&[]).with(|settings| settings.serves_consumer_protocol = false);
    assert_eq!(lab.refused(&join("m", &["a"])).0, ErrorCode::UNSUPPORTED_VERSION);
}

#[test]
fn partitions_that_nobody_has_and_negative_ones_do_no_harm() {
    let mut lab = Lab::new(&[("a", 1)]);
    lab.says(&join("m", &["a"]));
    assert_eq!(lab.told(&owns("m", 1, &parts(&[("a", &[-1, i32::MAX]), ("z", &[0])]))), (1, None));
}

#[test]
fn a_message_repeats_no_more_of_a_name_than_an_answer_can_hold() {
    let long = "é".repeat(16_383);
    let with = |instance, epoch| ConsumerGroupHeartbeatRequest { instance_id: Some(instance), ..beat(&long, epoch) };
    let expression = format!("[{long}");
    let requests = [
        ConsumerGroupHeartbeatRequest { group_id: &long, ..beat("m", 1) },
        ConsumerGroupHeartbeatRequest { group_id: &long, ..beat("m", -1) },
        ConsumerGroupHeartbeatRequest { group_id: "classic", ..beat("m", 1) },
        beat(&long, 1),
        with(&long, 1),
        with("i", 1),
        ConsumerGroupHeartbeatRequest { instance_id: Some("i"), ..join(&long, &["a"]) },
        ConsumerGroupHeartbeatRequest { server_assignor: Some(&long), ..join("n", &["a"]) },
        ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some(&expression), ..join("n", &["a"]) },
    ];
    let mut lab = Lab::new(&[("a", 1)]);
    lab.says(&ConsumerGroupHeartbeatRequest { instance_id: Some("i"), ..join("m", &["a"]) });
    for request in requests {
        let (_, message) = lab.refused(&request);
        assert!(message.chars().count() < 900, "{} characters", message.chars().count());
    }
    let described = lab.shard.describe_consumer_group(&lab.image, &long).error_message.unwrap_or_default();
    assert_eq!(&*described, format!("Group {} not found.", "é".repeat(256)));
    let described = lab.shard.describe_group(6, &long).error_message.unwrap_or_default();
    assert_eq!(&*described, format!("Group {} not found.", "é".repeat(256)));
}

/// Kafka answers a record that its log does not take with this code.
#[test]
fn a_member_whose_record_would_be_too_large_is_refused_and_changes_nothing() {
    let names: Vec<String> = (0..50).map(|number| format!("topic-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let large = "x".repeat(600);
    let many = || Some(names.clone().into());
    let table: [ConsumerGroupHeartbeatRequest<'_>; 3] = [
        with(|r| r.subscribed_topic_names = many()),
        with(|r| r.rack_id = Some(&large)),
        with(|r| r.subscribed_topic_regex = Some(&large)),
    ];
    let refusal = (ErrorCode::UNKNOWN_SERVER_ERROR, "The record of the member would be larger than 500 bytes.".into());
    for request in table {
        let mut lab = Lab::new(&[("a", 1)]).with(|settings| settings.record_bytes_max = 500);
        assert_eq!(lab.refused(&request), refusal);
        assert_eq!((lab.log.len(), lab.shard.groups.len()), (0, 0));
        // The same of a member that is there, and of one that comes to others.
        lab.says(&join("m", &["a"]));
        let before = lab.members();
        assert_eq!(lab.refused(&request), refusal);
        assert_eq!(lab.refused(&ConsumerGroupHeartbeatRequest { member_epoch: 1, ..request.clone() }), refusal);
        assert_eq!(lab.refused(&ConsumerGroupHeartbeatRequest { member_id: "n", ..request }), refusal);
        assert_eq!((lab.members(), &lab.written[..]), (before, &[][..]));
        assert_eq!(lab.told(&beat("m", 1)).0, 1);
        lab.assert_replays();
    }
}
