//! Records add up to an image, and an image comes apart into records.

use record::LeaderEpoch;

use super::*;
use crate::records::{
    ClusterRecord, NoOpRecord, PartitionChangeRecord, ProducerIdsRecord, RemoveTopicRecord, TopicRecord,
    UnfenceBrokerRecord,
};
use crate::testing::{add_topic, after, brokers, ids, uuid};

fn config(resource: ConfigResource, key: &str, value: Option<&str>) -> Record {
    ConfigRecord { resource, key: key.into(), value: value.map(Arc::from) }.into()
}

/// One of everything.
fn full() -> Image {
    let mut image = brokers(&[0, 2], &[1]);
    add_topic(&mut image, "b", uuid(51), &[(&[0, 1], &[0], Some(0)), (&[1], &[1], None)]);
    add_topic(&mut image, "a", uuid(50), &[]);
    let records = vec![
        ClusterRecord { id: uuid(40) }.into(),
        config(ConfigResource::Topic("b".into()), "retention.ms", Some("5")),
        config(ConfigResource::Broker(BrokerId(2)), "log.retention.ms", Some("6")),
        config(ConfigResource::DefaultBroker, "log.retention.ms", Some("7")),
        config(ConfigResource::ClientMetrics("m".into()), "interval.ms", Some("100")),
        config(ConfigResource::Group("g".into()), "consumer.session.timeout.ms", Some("46000")),
        ProducerIdsRecord { broker: BrokerId(0), next_block_start: ProducerId(3_000) }.into(),
        FeatureRecord { name: "transaction.version".into(), level: 2 }.into(),
    ];
    after(&image, records)
}

#[test]
fn a_snapshot_rebuilds_the_image() {
    let image = full();
    assert_eq!(Image::restore(image.applied(), &image.records()), Ok(image));
}

#[test]
fn an_image_answers_what_its_records_said() {
    let image = full();
    assert_eq!(image.cluster_id(), uuid(40));
    assert_eq!(image.brokers().map(|b| (b.id.0, b.fenced)).collect::<Vec<_>>(), [(0, false), (1, true), (2, false)]);
    assert_eq!(image.topics().iter().map(|t| &*t.name).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(image.topics().from("aa").map(|t| &*t.name).collect::<Vec<_>>(), ["b"]);
    let topic = image.topic("b").unwrap();
    assert_eq!(image.topic_by_id(topic.id), Some(topic));
    assert_eq!(topic.partition(PartitionIndex(0)).unwrap().leader, Some(BrokerId(0)));
    assert_eq!(topic.partition(PartitionIndex(2)), None);
    assert_eq!(topic.partition(PartitionIndex(-1)), None);
    assert_eq!(topic.configs.value("retention.ms"), Some("5"));
    assert_eq!(image.broker_configs(BrokerId(2)).unwrap().value("log.retention.ms"), Some("6"));
    assert_eq!(image.default_broker_configs().value("log.retention.ms"), Some("7"));
    assert_eq!(image.client_metrics().of("m").unwrap().value("interval.ms"), Some("100"));
    assert_eq!(image.group_configs().of("g").unwrap().value("consumer.session.timeout.ms"), Some("46000"));
    assert_eq!(image.next_producer_id(), ProducerId(3_000));
    assert_eq!((image.feature("transaction.version"), image.feature("other")), (2, 0));
}

#[test]
fn what_is_removed_is_gone() {
    let image = full();
    let records = vec![
        RemoveTopicRecord { id: uuid(51) }.into(),
        config(ConfigResource::Broker(BrokerId(2)), "log.retention.ms", None),
        config(ConfigResource::Group("g".into()), "consumer.session.timeout.ms", None),
        FeatureRecord { name: "transaction.version".into(), level: 0 }.into(),
    ];
    let next = after(&image, records);
    assert_eq!((next.topic("b"), next.topic_by_id(uuid(51)), next.topics().len()), (None, None, 1));
    assert!(next.broker_configs(BrokerId(2)).unwrap().is_empty());
    assert_eq!(next.features().count(), 0);
    assert_eq!(next.group_configs().iter().count(), 0, "a group exists by being configured");
    assert!(image.topic("b").is_some(), "the image before stays as it was");
    let again = after(&next, vec![TopicRecord { name: "b".into(), id: uuid(52) }.into()]);
    assert!(again.topic("b").unwrap().configs.is_empty(), "a new topic does not inherit");
}

#[test]
fn a_change_assigns_what_it_has() {
    let change = PartitionChangeRecord {
        topic_id: uuid(51),
        index: PartitionIndex(1),
        replicas: None,
        isr: Some(ids(&[1, 2])),
        leader: Some(BrokerId(2)),
        leader_epoch: LeaderEpoch(5),
        partition_epoch: 10,
    };
    let next = after(&full(), vec![change.into()]);
    let partition = next.topic("b").unwrap().partition(PartitionIndex(1)).unwrap();
    assert_eq!(*partition.replicas, ids(&[1])[..]);
    assert_eq!(*partition.isr, ids(&[1, 2])[..]);
    assert_eq!(
        (partition.leader, partition.leader_epoch, partition.partition_epoch),
        (Some(BrokerId(2)), LeaderEpoch(5), 10)
    );
}

#[test]
fn a_batch_upon_another_image_counts_for_nothing() {
    let image = full();
    let stale = Batch { base: Index(image.applied().0 - 1), records: vec![NoOpRecord.into()] };
    assert_eq!(image.after(Index(99), &stale), Ok(None));
    let current = Batch { base: image.applied(), records: vec![NoOpRecord.into()] };
    assert_eq!(image.after(Index(99), &current).unwrap().unwrap().applied(), Index(99));
}

#[test]
fn records_about_nothing_are_refused() {
    let partition = |topic: u8, index: i32| {
        Record::PartitionChange(PartitionChangeRecord {
            topic_id: uuid(topic),
            index: PartitionIndex(index),
            replicas: None,
            isr: None,
            leader: None,
            leader_epoch: LeaderEpoch(0),
            partition_epoch: 0,
        })
    };
    let table: [(Record, ApplyError); 7] = [
        (UnfenceBrokerRecord { id: BrokerId(9), epoch: 1 }.into(), ApplyError::UnknownBroker(BrokerId(9))),
        (RemoveTopicRecord { id: uuid(9) }.into(), ApplyError::UnknownTopicId(uuid(9))),
        (partition(9, 0), ApplyError::UnknownTopicId(uuid(9))),
        (partition(51, 2), ApplyError::UnknownPartition(uuid(51), PartitionIndex(2))),
        (partition(51, -1), ApplyError::UnknownPartition(uuid(51), PartitionIndex(-1))),
        (TopicRecord { name: "a".into(), id: uuid(60) }.into(), ApplyError::TopicExists("a".into())),
        (config(ConfigResource::Topic("z".into()), "k", None), ApplyError::UnknownTopic("z".into())),
    ];
    for (record, error) in table {
        let mut image = full();
        assert_eq!(image.apply(&record), Err(error));
        assert_eq!(image, full(), "{record:?}");
    }
}

#[test]
fn a_change_of_one_topic_leaves_the_others_shared() {
    let image = full();
    let next = after(&image, vec![config(ConfigResource::Topic("b".into()), "retention.ms", Some("9"))]);
    assert!(Arc::ptr_eq(image.topic("a").unwrap(), next.topic("a").unwrap()));
    assert!(!Arc::ptr_eq(image.topic("b").unwrap(), next.topic("b").unwrap()));
    assert!(Arc::ptr_eq(&image.brokers, &next.brokers));
}
