//! OffsetDelete (KIP-496), DeleteGroups (KIP-229), and deleted topics.

use wire::messages::offset_delete::{OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};

use super::*;

type Deleted = Result<Vec<ErrorCode>, ErrorCode>;

fn delete(world: &mut World, group: &str, offsets: &[(&str, i32)]) -> (Deleted, Vec<Record>) {
    let topic = |(name, partition_index): &(&'static str, i32)| OffsetDeleteRequestTopic {
        name,
        partitions: vec![OffsetDeleteRequestPartition { partition_index: *partition_index }].into(),
    };
    let leaked: Vec<(&'static str, i32)> = offsets
        .iter()
        .map(|(name, partition)| (*["t1", "t2"].iter().find(|known| *known == name).unwrap(), *partition))
        .collect();
    let request = OffsetDeleteRequest { group_id: group, topics: leaked.iter().map(topic).collect() };
    world.call(|shard, step| shard.offset_delete(step, &request))
}

#[test]
fn offsets_are_forgotten_where_there_are_any() {
    let mut world = given([offset("g", "t1", 0, 7, 0), offset("g", "t2", 0, 8, 0)]);
    let (errors, records) = delete(&mut world, "g", &[("t1", 0), ("t1", 1), ("t1", 0)]);
    assert_eq!(errors, Ok(vec![ErrorCode::NONE; 3]));
    assert_eq!(records, [forgotten("g", "t1", 0)]);
    assert_eq!(world.offsets("g"), ["t2-0@8"]);
}

#[test]
fn topics_that_the_group_reads_keep_their_offsets() {
    let mut world = given([classic("g", "consumer", &["t1"]), offset("g", "t1", 0, 7, 0), offset("g", "t2", 0, 8, 0)]);
    let (errors, records) = delete(&mut world, "g", &[("t1", 0), ("t2", 0)]);
    assert_eq!(errors, Ok(vec![ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC, ErrorCode::NONE]));
    assert_eq!(records, [forgotten("g", "t2", 0)]);
    let mut records = consumer("c", &["t1"]);
    records.extend([offset("c", "t1", 0, 7, 0), offset("c", "t2", 0, 8, 0)]);
    let mut world = given(records);
    let (errors, records) = delete(&mut world, "c", &[("t1", 0), ("t2", 0)]);
    assert_eq!(errors, Ok(vec![ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC, ErrorCode::NONE]));
    assert_eq!(records, [forgotten("c", "t2", 0)]);
}

#[test]
fn offsets_of_a_group_whose_subscriptions_nobody_knows_stay_while_it_has_members() {
    let mut world = given([classic("g", "connect", &[]), offset("g", "t1", 0, 7, 0)]);
    assert_eq!(delete(&mut world, "g", &[("t1", 0)]), (Err(ErrorCode::NON_EMPTY_GROUP), vec![]));
    let mut world = given([empty("g", "connect", 0), offset("g", "t1", 0, 7, 0)]);
    assert_eq!(delete(&mut world, "g", &[("t1", 0)]).1, [forgotten("g", "t1", 0)]);
}

#[test]
fn offsets_of_no_group_cannot_be_forgotten() {
    let mut world = given([]);
    assert_eq!(delete(&mut world, "g", &[("t1", 0)]).0, Err(ErrorCode::GROUP_ID_NOT_FOUND));
    assert_eq!(delete(&mut world, "", &[("t1", 0)]).0, Err(ErrorCode::INVALID_GROUP_ID));
}

#[test]
fn a_group_is_deleted_with_all_its_offsets() {
    let mut world = given([empty("g", "consumer", 0), offset("g", "t1", 0, 7, 0), offset("g", "t2", 3, 8, 0)]);
    let (error, records) = world.call(|shard, step| shard.delete_group(step, "g"));
    assert_eq!(error, ErrorCode::NONE);
    assert_eq!(records, [forgotten("g", "t1", 0), forgotten("g", "t2", 3), ended("g")]);
    assert_eq!(world.groups(), Vec::<String>::new());
    assert_eq!(world.call(|shard, step| shard.delete_group(step, "g")).0, ErrorCode::GROUP_ID_NOT_FOUND);
}

#[test]
fn an_empty_consumer_group_is_deleted_to_its_last_record() {
    let mut world = given([epoch("g"), offset("g", "t1", 0, 7, 0)]);
    let (error, records) = world.call(|shard, step| shard.delete_group(step, "g"));
    assert_eq!((error, &records[0]), (ErrorCode::NONE, &forgotten("g", "t1", 0)));
    assert_eq!(records.last(), Some(&Record::ConsumerGroupMetadata { group: "g".into(), value: None }));
    assert_eq!(world.groups(), Vec::<String>::new());
}

#[test]
fn a_group_with_members_is_not_deleted() {
    let mut records = consumer("new", &["t1"]);
    records.push(classic("old", "consumer", &["t1"]));
    let mut world = given(records);
    for group in ["new", "old"] {
        let (error, records) = world.call(|shard, step| shard.delete_group(step, group));
        assert_eq!((error, records), (ErrorCode::NON_EMPTY_GROUP, vec![]));
    }
}

#[test]
fn a_deleted_topic_takes_its_offsets_with_it_and_no_others() {
    let mut world = given([offset("a", "t1", 0, 7, 0), offset("a", "t2", 0, 7, 0), offset("b", "t2", 0, 7, 0)]);
    world.commit("b", "t1", 4, 9);
    world.commit("c", "t2", 0, 9);
    let topics = [("t1".into(), topic_id(1)), ("t2".into(), topic_id(99))];
    let (_, records) = world.call(|shard, step| shard.topics_deleted(step, &topics));
    let gone = [forgotten("a", "t1", 0), forgotten("a", "t2", 0), forgotten("b", "t1", 4), forgotten("b", "t2", 0)];
    assert_eq!(records, gone);
    // Group c committed in the topic that is there now.
    assert_eq!(world.offsets("c"), ["t2-0@9"]);
}

#[test]
fn many_offsets_of_deleted_topics_go_in_steps_and_topics_that_are_deleted_meanwhile_too() {
    let groups: Vec<String> = (0..5).map(|group| format!("g{group}")).collect();
    let mut records = Vec::new();
    for group in &groups {
        for topic in ["t1", "t2", "t3"] {
            records.extend((0..300).map(|partition| offset(group, topic, partition, 7, 0)));
        }
    }
    let mut world = given(records);
    let deleted = |names: &[&str]| names.iter().map(|name| ((*name).into(), topic_id(9))).collect::<Vec<_>>();
    let call = |world: &mut World, names: &[&str]| {
        let topics = deleted(names);
        world.call(|shard, step| shard.topics_deleted(step, &topics)).1.len()
    };
    assert_eq!(call(&mut world, &["t1"]), 1_000);
    // What is deleted now waits for its turn.
    assert_eq!(call(&mut world, &["t2", "nobody-reads-it"]), 0);
    let mut written = Vec::new();
    while world.shard.next_due().is_some_and(|due| due <= world.run + Duration::from_millis(1)) {
        world.run += Duration::from_millis(1);
        written.push(world.tick().len());
    }
    assert_eq!(written, [1_000, 1_000, 0]);
    assert_eq!(world.offsets("g4").len(), 300);
    assert!(world.offsets("g4")[0].starts_with("t3-"));
    assert_eq!(call(&mut world, &["t3"]), 1_000);
}
