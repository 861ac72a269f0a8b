//! Partitions before and after a broker goes or comes.

use super::*;
use crate::testing::{add_topic, after, brokers, uuid};

/// `isr leader @leader_epoch/partition_epoch` of the only partition.
fn state(image: &Image) -> String {
    let partition = &image.topic("t").unwrap().partitions[0];
    let isr: Vec<i32> = partition.isr.iter().map(|id| id.0).collect();
    let leader = partition.leader.map_or("-".to_owned(), |id| id.to_string());
    format!("{isr:?} {leader} @{}/{}", partition.leader_epoch, partition.partition_epoch)
}

fn cluster(fenced: &[i32], replicas: &[i32], isr: &[i32], leader: Option<i32>) -> Image {
    let unfenced: Vec<i32> = (0..4).filter(|id| !fenced.contains(id)).collect();
    let mut image = brokers(&unfenced, fenced);
    add_topic(&mut image, "t", uuid(50), &[(replicas, isr, leader)]);
    image
}

#[test]
fn a_broker_goes() {
    // replicas, isr, leader, fenced before; who goes; the partition then (it was @4/9).
    type Case = (&'static [i32], &'static [i32], Option<i32>, &'static [i32], i32, &'static str);
    let table: [Case; 8] = [
        (&[0, 1, 2], &[0, 1, 2], Some(0), &[], 0, "[1, 2] 1 @5/10"),
        (&[0, 1, 2], &[0, 1, 2], Some(0), &[], 2, "[0, 1] 0 @4/10"),
        (&[0, 1, 2], &[2, 1, 0], Some(0), &[], 0, "[2, 1] 1 @5/10"),
        (&[0, 1, 2], &[0, 2], Some(0), &[], 0, "[2] 2 @5/10"),
        (&[0, 1, 2], &[0, 2], Some(0), &[], 1, "[0, 2] 0 @4/9"),
        (&[0, 1, 2], &[0], Some(0), &[], 0, "[0] - @5/10"),
        (&[0, 1, 2], &[0, 1, 2], Some(0), &[1], 0, "[1, 2] 2 @5/10"),
        (&[0, 1], &[0], None, &[], 0, "[0] - @4/9"),
    ];
    for case @ (replicas, isr, leader, fenced, gone, expected) in table {
        let image = cluster(fenced, replicas, isr, leader);
        let records = after_fencing(&image, BrokerId(gone)).collect();
        assert_eq!(state(&after(&image, records)), expected, "{case:?}");
    }
}

#[test]
fn a_broker_comes_back() {
    type Case = (&'static [i32], &'static [i32], Option<i32>, i32, &'static str);
    let table: [Case; 3] = [
        (&[0, 1], &[0], None, 0, "[0] 0 @5/10"),
        (&[0, 1], &[0], None, 1, "[0] - @4/9"),
        (&[0, 1], &[0, 1], Some(1), 0, "[0, 1] 1 @4/9"),
    ];
    for case @ (replicas, isr, leader, back, expected) in table {
        let image = cluster(&[], replicas, isr, leader);
        let records = after_unfencing(&image, BrokerId(back)).collect();
        assert_eq!(state(&after(&image, records)), expected, "{case:?}");
    }
}

/// The verdict of an election asked for in `t-0`, and the partition then.
fn asked(image: &Image, election_type: ElectionType) -> (String, String) {
    let election = Election { topic: "t".into(), index: PartitionIndex(0) };
    let intent = ElectLeaders { election_type, partitions: Some(vec![election]) };
    let decision = decide(image, &intent);
    let verdict =
        decision.reply[0].result.as_ref().map_or_else(|refusal| format!("{refusal:?}"), |()| "elected".into());
    (verdict, state(&after(image, decision.records)))
}

#[test]
fn somebody_asks_for_an_election() {
    use ElectionType::{Preferred, Unclean};
    // replicas, isr, leader, fenced; the verdict and the partition then (it was @4/9).
    type Case = (ElectionType, &'static [i32], &'static [i32], Option<i32>, &'static [i32], &'static str, &'static str);
    let table: [Case; 8] = [
        (Preferred, &[0, 1], &[0, 1], Some(0), &[], "ElectionNotNeeded", "[0, 1] 0 @4/9"),
        (Preferred, &[0, 1], &[0, 1], Some(1), &[], "elected", "[0, 1] 0 @5/10"),
        (Preferred, &[0, 1], &[1], Some(1), &[], "PreferredLeaderNotAvailable", "[1] 1 @4/9"),
        (Preferred, &[0, 1], &[0, 1], Some(1), &[0], "PreferredLeaderNotAvailable", "[0, 1] 1 @4/9"),
        (Unclean, &[0, 1], &[0, 1], Some(1), &[], "ElectionNotNeeded", "[0, 1] 1 @4/9"),
        (Unclean, &[0, 1], &[0], None, &[0], "elected", "[1] 1 @5/10"),
        (Unclean, &[0, 1], &[0], None, &[0, 1], "EligibleLeadersNotAvailable", "[0] - @4/9"),
        (Unclean, &[2, 1, 0], &[3], None, &[3], "elected", "[2] 2 @5/10"),
    ];
    for (election_type, replicas, isr, leader, fenced, verdict, expected) in table {
        let image = cluster(fenced, replicas, isr, leader);
        assert_eq!(asked(&image, election_type), (verdict.to_owned(), expected.to_owned()), "{replicas:?} {isr:?}");
    }
}

#[test]
fn asked_for_all_partitions_those_that_need_no_election_are_not_told() {
    let mut image = cluster(&[], &[0, 1], &[0, 1], Some(1));
    add_topic(&mut image, "u", uuid(51), &[(&[0], &[0], Some(0))]);
    let decision = decide(&image, &ElectLeaders { election_type: ElectionType::Preferred, partitions: None });
    let told: Vec<&str> = decision.reply.iter().map(|outcome| &*outcome.election.topic).collect();
    assert_eq!((told, decision.records.len()), (vec!["t"], 1));
}

#[test]
fn an_election_nowhere_is_refused() {
    let image = cluster(&[], &[0], &[0], Some(0));
    let nowhere = [("u", 0), ("t", 1), ("t", -1)];
    let elections = nowhere.map(|(topic, index)| Election { topic: topic.into(), index: PartitionIndex(index) });
    let intent = ElectLeaders { election_type: ElectionType::Preferred, partitions: Some(elections.to_vec()) };
    let decision = decide(&image, &intent);
    assert!(decision.reply.iter().all(|outcome| matches!(outcome.result, Err(Refusal::UnknownTopicOrPartition(_)))));
    assert_eq!((decision.reply.len(), decision.records.len()), (3, 0));
}

#[test]
fn a_refusal_repeats_no_more_of_a_name_than_a_topic_could_have() {
    let image = cluster(&[], &[0], &[0], Some(0));
    let election = Election { topic: "é".repeat(16_000).into(), index: PartitionIndex(0) };
    let intent = ElectLeaders { election_type: ElectionType::Preferred, partitions: Some(vec![election]) };
    let decision = decide(&image, &intent);
    assert_eq!(
        decision.reply[0].result,
        Err(Refusal::UnknownTopicOrPartition(format!("No such topic as {}", "é".repeat(124))))
    );
}
