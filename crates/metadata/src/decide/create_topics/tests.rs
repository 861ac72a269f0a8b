//! Topics that are asked for, with their verdicts.

use std::collections::BTreeMap;

use record::LeaderEpoch;

use super::*;
use crate::testing::{add_topic, brokers, committed, ids, uuid};

fn cluster() -> Image {
    let mut image = brokers(&[0, 1], &[2]);
    add_topic(&mut image, "orders.eu", uuid(50), &[(&[0], &[0], Some(0))]);
    image
}

fn topic(name: &str, num_partitions: i32, replication_factor: i16) -> NewTopic {
    // The id is the name's first bytes, so that different names have different ids.
    let mut id = Uuid([0xee; 16]);
    name.bytes().take(16).enumerate().for_each(|(at, byte)| id.0[at] = byte);
    let name = name.to_owned();
    NewTopic { name, id, num_partitions, replication_factor, assignments: Vec::new(), configs: Vec::new() }
}

fn by_hand(num_partitions: i32, replication_factor: i16, assignments: &[(i32, &[i32])]) -> NewTopic {
    let assignments = assignments
        .iter()
        .map(|(index, replicas)| ReplicaAssignment { index: PartitionIndex(*index), replicas: ids(replicas) })
        .collect();
    NewTopic { assignments, ..topic("t", num_partitions, replication_factor) }
}

fn configured(configs: &[(&str, Option<&str>)]) -> NewTopic {
    let configs = configs.iter().map(|(key, value)| (key.to_string(), value.map(str::to_owned))).collect();
    NewTopic { configs, ..topic("t", 1, 1) }
}

fn check_config(_topic: &str, key: &str, value: &str) -> Result<(), String> {
    match (key, value.parse::<u32>()) {
        ("retention.ms", Ok(_)) => Ok(()),
        ("retention.ms", Err(_)) => Err(format!("{value} is no number")),
        _ => Err(format!("unknown config {key}")),
    }
}

fn intent(topics: Vec<NewTopic>) -> CreateTopics {
    let defaults = TopicDefaults { num_partitions: 3, replication_factor: 2 };
    CreateTopics { topics, validate_only: false, defaults, check_config }
}

/// `created <partitions>x<replicas>`, or the refusal's kind and text.
fn verdict(result: &Result<CreatedTopic, Refusal>) -> String {
    match result {
        Ok(topic) => format!("created {}x{}", topic.num_partitions, topic.replication_factor),
        Err(refusal) => {
            let kind = format!("{refusal:?}");
            format!("{}: {refusal}", kind.split(['(', ' ']).next().unwrap())
        }
    }
}

fn verdicts(image: &Image, topics: Vec<NewTopic>) -> Vec<String> {
    let decision = decide(image, &intent(topics)).unwrap();
    decision.reply.iter().map(|creation| verdict(&creation.result)).collect()
}

/// Each topic alone, with its verdict.
fn check(table: &[(NewTopic, &str)]) {
    for (topic, expected) in table {
        assert_eq!(verdicts(&cluster(), vec![topic.clone()]), [*expected], "{topic:?}");
    }
}

#[test]
fn names_and_counts() {
    check(&[
        (topic("t", 1, 1), "created 1x1"),
        (topic("t", 4, 2), "created 4x2"),
        (topic("t", -1, -1), "created 3x2"),
        (topic("", 1, 1), "InvalidTopic: Topic name is invalid: the empty string is not allowed"),
        (topic("..", 1, 1), "InvalidTopic: Topic name is invalid: '..' is not allowed"),
        (
            topic("a/b", 1, 1),
            "InvalidTopic: Topic name is invalid: 'a/b' contains one or more characters other than \
             ASCII alphanumerics, '.', '_' and '-'",
        ),
        (topic("orders_eu", 1, 1), "InvalidTopic: Topic 'orders_eu' collides with existing topic: orders.eu"),
        (topic("orders.eu", 1, 1), "TopicAlreadyExists: Topic 'orders.eu' already exists."),
        (
            topic("__cluster_metadata", 1, 1),
            "InvalidRequest: Creation of internal topic __cluster_metadata is prohibited.",
        ),
        (topic("t", 0, 1), "InvalidPartitions: Number of partitions was set to an invalid non-positive value."),
        (topic("t", -2, 1), "InvalidPartitions: Number of partitions was set to an invalid non-positive value."),
        (
            topic("t", 1, 0),
            "InvalidReplicationFactor: Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            topic("t", 1, -2),
            "InvalidReplicationFactor: Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            topic("t", 1, 4),
            "InvalidReplicationFactor: Unable to replicate the partition 4 time(s): The target replication factor of 4 \
             cannot be reached because only 3 broker(s) are registered or some brokers have all their log directories \
             cordoned.",
        ),
        (
            topic("t", 1, 3),
            "InvalidReplicationFactor: the replication factor of 3 cannot be reached: only 2 brokers are unfenced",
        ),
    ]);
}

#[test]
fn assignments_by_hand() {
    check(&[
        (by_hand(-1, -1, &[(1, &[1, 0]), (0, &[0, 1])]), "created 2x2"),
        (
            by_hand(2, -1, &[(0, &[0])]),
            "InvalidRequest: A manual partition assignment was specified, but numPartitions was not set to -1.",
        ),
        (
            by_hand(-1, 1, &[(0, &[0])]),
            "InvalidRequest: A manual partition assignment was specified, but replication factor was not set to -1.",
        ),
        (
            by_hand(-1, -1, &[(0, &[0]), (2, &[0])]),
            "InvalidReplicaAssignment: partitions should be a consecutive 0-based integer sequence",
        ),
        (
            by_hand(-1, -1, &[(-1, &[0]), (0, &[0])]),
            "InvalidReplicaAssignment: partitions should be a consecutive 0-based integer sequence",
        ),
        (
            by_hand(-1, -1, &[(0, &[0]), (0, &[1])]),
            "InvalidReplicaAssignment: Found multiple manual partition assignments for partition 0",
        ),
        (
            by_hand(-1, -1, &[(0, &[])]),
            "InvalidReplicaAssignment: The manual partition assignment includes an empty replica list.",
        ),
        (
            by_hand(-1, -1, &[(0, &[9])]),
            "InvalidReplicaAssignment: The manual partition assignment includes broker 9, but no such broker is registered.",
        ),
        (
            by_hand(-1, -1, &[(0, &[1, 1])]),
            "InvalidReplicaAssignment: The manual partition assignment includes the broker 1 more than once.",
        ),
        (
            by_hand(-1, -1, &[(0, &[0, 1]), (1, &[0])]),
            "InvalidReplicaAssignment: The manual partition assignment includes a partition with 1 replica(s), but this is \
             not consistent with previous partitions, which have 2 replica(s).",
        ),
        (
            by_hand(-1, -1, &[(0, &[2])]),
            "InvalidReplicaAssignment: All brokers specified in the manual partition assignment for partition 0 are \
             fenced or in controlled shutdown.",
        ),
    ]);
}

#[test]
fn configs() {
    check(&[
        (configured(&[("retention.ms", Some("5"))]), "created 1x1"),
        (configured(&[("retention.ms", Some("x"))]), "InvalidConfig: x is no number"),
        (
            configured(&[("retention.ms", None)]),
            "InvalidConfig: Null value not supported for topic configs: retention.ms",
        ),
        (configured(&[("retention", Some("5"))]), "InvalidConfig: unknown config retention"),
        (configured(&[("retention.ms", Some("5")), ("retention.ms", Some("6"))]), "created 1x1"),
    ]);
}

#[test]
fn a_refused_topic_leaves_the_others_alone() {
    let topics = vec![topic("a", 1, 1), topic("b", 0, 1), topic("c", 1, 1)];
    let decision = decide(&cluster(), &intent(topics)).unwrap();
    let image = committed(&cluster(), &decision);
    assert!(image.topic("a").is_some() && image.topic("b").is_none() && image.topic("c").is_some());
}

#[test]
fn a_name_that_comes_twice_is_answered_once() {
    let topics = vec![topic("a", 1, 1), topic("b", 1, 1), topic("a", 2, 1)];
    let expected = ["InvalidRequest: Duplicate topic name.", "created 1x1"];
    assert_eq!(verdicts(&cluster(), topics), expected);
}

#[test]
fn names_collide_within_a_request_too() {
    let expected = ["created 1x1", "InvalidTopic: Topic 'a.b' collides with existing topic: a_b"];
    assert_eq!(verdicts(&cluster(), vec![topic("a_b", 1, 1), topic("a.b", 1, 1)]), expected);
}

#[test]
fn a_created_topic_has_what_was_asked() {
    let created =
        NewTopic { configs: configured(&[("retention.ms", Some("5"))]).configs, ..by_hand(-1, -1, &[(0, &[2, 1])]) };
    let decision = decide(&cluster(), &intent(vec![created.clone()])).unwrap();
    let configs = [("retention.ms".to_owned(), "5".to_owned())].into();
    let told = CreatedTopic { id: created.id, num_partitions: 1, replication_factor: 2, configs };
    assert_eq!(decision.reply[0].result, Ok(told));
    let image = committed(&cluster(), &decision);
    let topic = image.topic("t").unwrap();
    assert_eq!((topic.id, topic.configs.value("retention.ms")), (created.id, Some("5")));
    let partition = &topic.partitions[0];
    assert_eq!(*partition.replicas, ids(&[2, 1])[..]);
    assert_eq!(*partition.isr, ids(&[1])[..], "broker 2 is fenced");
    assert_eq!(
        (partition.leader, partition.leader_epoch, partition.partition_epoch),
        (Some(BrokerId(1)), LeaderEpoch(0), 0)
    );
}

#[test]
fn validation_alone_creates_nothing() {
    let topics = vec![topic("a", 2, 1), topic("b", 0, 1)];
    let id = topics[0].id;
    let decision = decide(&cluster(), &CreateTopics { validate_only: true, ..intent(topics) }).unwrap();
    assert_eq!(decision.records, []);
    let told = CreatedTopic { id, num_partitions: 2, replication_factor: 1, configs: BTreeMap::new() };
    assert_eq!(decision.reply[0].result, Ok(told));
    assert!(decision.reply[1].result.is_err());
}

#[test]
fn a_request_has_a_limit() {
    assert_eq!(
        verdicts(&cluster(), vec![topic("a", 9_000, 1), topic("b", 1_000, 1)]),
        ["created 9000x1", "created 1000x1"]
    );
    for topics in [vec![topic("a", i32::MAX, 1)], vec![topic("a", 9_000, 1), topic("b", 1_001, 1)]] {
        assert!(matches!(decide(&cluster(), &intent(topics)), Err(Refusal::PolicyViolation(_))));
    }
}
