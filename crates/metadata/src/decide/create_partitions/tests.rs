//! Topics that are to grow, with their verdicts.

use super::*;
use crate::testing::{add_topic, brokers, committed, ids, uuid};

fn cluster() -> Image {
    let mut image = brokers(&[0, 1], &[2]);
    add_topic(&mut image, "a", uuid(50), &[(&[0], &[0], Some(0)), (&[1], &[1], Some(1))]);
    add_topic(&mut image, "b", uuid(51), &[(&[0, 1], &[0, 1], Some(0))]);
    image
}

fn more(name: &str, count: i32, assignments: Option<&[&[i32]]>) -> MorePartitions {
    let assignments = assignments.map(|all| all.iter().map(|replicas| ids(replicas)).collect());
    MorePartitions { name: name.to_owned(), count, assignments }
}

fn decided(topics: Vec<MorePartitions>) -> Decision<Vec<PartitionCreation>> {
    decide(&cluster(), &CreatePartitions { topics, validate_only: false }).unwrap()
}

#[test]
fn new_partitions_follow_those_that_are_there_with_as_many_replicas() {
    let decision = decided(vec![more("a", 5, None), more("b", 2, Some(&[&[1, 0]]))]);
    assert!(decision.reply.iter().all(|creation| creation.result.is_ok()));
    let image = committed(&cluster(), &decision);
    let topic = image.topic("a").unwrap();
    assert_eq!(topic.partitions.len(), 5);
    assert_eq!(topic.partitions[0], cluster().topic("a").unwrap().partitions[0], "what was there stays");
    for partition in &topic.partitions[2..] {
        assert_eq!((partition.replicas.len(), partition.isr.len(), partition.leader_epoch.0), (1, 1, 0));
        assert_eq!(partition.leader, Some(partition.replicas[0]));
    }
    let by_hand = &image.topic("b").unwrap().partitions[1];
    assert_eq!((&*by_hand.replicas, by_hand.leader), (&*ids(&[1, 0]), Some(BrokerId(1))));
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let table = [
        (more("c", 3, None), "UnknownTopic(\"c\")"),
        (more("a", 2, None), "InvalidPartitions(\"Topic already has 2 partition(s).\")"),
        (
            more("a", 1, None),
            "InvalidPartitions(\"The topic a currently has 2 partition(s); 1 would not be an increase.\")",
        ),
        (
            more("a", -1, None),
            "InvalidPartitions(\"The topic a currently has 2 partition(s); -1 would not be an increase.\")",
        ),
        (
            more("a", 4, Some(&[&[0]])),
            "InvalidReplicaAssignment(\"Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.\")",
        ),
        (
            more("a", 3, Some(&[&[]])),
            "InvalidReplicaAssignment(\"The manual partition assignment includes an empty replica list.\")",
        ),
        (
            more("a", 3, Some(&[&[9]])),
            "InvalidReplicaAssignment(\"The manual partition assignment includes broker 9, but no such broker is registered.\")",
        ),
        (
            more("b", 2, Some(&[&[0, 0]])),
            "InvalidReplicaAssignment(\"The manual partition assignment includes the broker 0 more than once.\")",
        ),
        (
            more("a", 3, Some(&[&[0, 1]])),
            "InvalidReplicaAssignment(\"The manual partition assignment includes a partition with 2 replica(s), but this is \
             not consistent with previous partitions, which have 1 replica(s).\")",
        ),
        (
            more("a", 3, Some(&[&[2]])),
            "InvalidReplicaAssignment(\"All brokers specified in the manual partition assignment for partition 2 are fenced \
             or in controlled shutdown.\")",
        ),
    ];
    for (topic, expected) in table {
        let decision = decided(vec![topic.clone()]);
        assert_eq!(decision.records, []);
        assert_eq!(format!("{:?}", decision.reply[0].result.as_ref().unwrap_err()), expected, "{topic:?}");
    }
}

#[test]
fn a_name_that_comes_twice_is_answered_once_and_the_others_go_on() {
    let decision = decided(vec![more("a", 3, None), more("b", 2, None), more("a", 4, None)]);
    let results: Vec<_> = decision.reply.iter().map(|creation| (&*creation.name, creation.result.is_ok())).collect();
    assert_eq!(results, [("a", false), ("b", true)]);
    assert_eq!(decision.records.len(), 1);
}

#[test]
fn validation_alone_creates_nothing() {
    let intent = CreatePartitions { topics: vec![more("a", 3, None)], validate_only: true };
    let decision = decide(&cluster(), &intent).unwrap();
    assert_eq!((decision.records.len(), decision.reply[0].result.is_ok()), (0, true));
}

#[test]
fn a_request_for_more_than_a_batch_holds_is_refused_as_a_whole() {
    let intent = |count| CreatePartitions { topics: vec![more("a", count, None)], validate_only: false };
    let limit = i32::try_from(MAX_PARTITIONS_PER_BATCH).unwrap();
    assert!(decide(&cluster(), &intent(limit + 2)).is_ok());
    assert!(matches!(decide(&cluster(), &intent(limit + 3)), Err(Refusal::PolicyViolation(_))));
    assert!(matches!(decide(&cluster(), &intent(i32::MAX)), Err(Refusal::PolicyViolation(_))));
}
