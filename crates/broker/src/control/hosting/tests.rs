use std::path::{Path, PathBuf};

use host::sim::{Failure, Fault, OpKind};
use host::{Clock, Disk, SimClock, SimDisk};
use metadata::records::{ConfigRecord, ConfigResource, PartitionRecord, TopicRecord};
use metadata::{Index, Record};
use record::{LeaderEpoch, Timestamp, Uuid};
use storage::{LogDir, Stop};

use super::*;
use crate::metrics::Metrics;

const BROKER: BrokerId = BrokerId(1);
const TOPIC: Uuid = Uuid([7; 16]);

fn hosting(sim: &SimDisk) -> Hosting {
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/data")).unwrap();
    let pool = Arc::new(Pool::inline());
    let opening = Opening {
        dirs: Arc::new(LogDirs::new(vec![Arc::new(LogDir::new(disk.clone(), PathBuf::from("/data")))], Some(0), false)),
        stops: vec![Stop::Power],
        threads: 2,
        clock: Clock::sim(SimClock::at(0)),
        metrics: Metrics::new(Clock::sim(SimClock::at(0))),
    };
    let trash = Trash::new(disk, Arc::clone(&pool));
    Hosting::new(opening, BROKER, TopicConfig::default(), Vec::new(), vec![pool], trash)
}

/// An image with the topic `t` of so many partitions, and what was configured.
fn image(partitions: i32, configs: &[(ConfigResource, &str, &str)]) -> Image {
    let partition = |index| {
        Record::from(PartitionRecord {
            topic_id: TOPIC,
            index: PartitionIndex(index),
            replicas: vec![BROKER],
            isr: vec![BROKER],
            leader: Some(BROKER),
            leader_epoch: LeaderEpoch(0),
            partition_epoch: 0,
        })
    };
    let config = |(resource, key, value): &(ConfigResource, &str, &str)| {
        Record::from(ConfigRecord { resource: resource.clone(), key: (*key).into(), value: Some((*value).into()) })
    };
    let mut records = vec![Record::from(TopicRecord { name: "t".into(), id: TOPIC })];
    records.extend((0..partitions).map(partition));
    records.extend(configs.iter().map(config));
    Image::restore(Index(1), &records).unwrap()
}

fn max_message_bytes(view: &View) -> Vec<u32> {
    let topic = view.topic("t").unwrap();
    topic.partitions.iter().flatten().map(|partition| partition.rules(Timestamp(0)).max_message_bytes).collect()
}

fn open_partitions(view: &View) -> usize {
    view.topic("t").unwrap().partitions.iter().flatten().count()
}

/// The view of `image`, as the control thread would publish it.
fn publish(hosting: &mut Hosting, view: &View, image: Image) -> View {
    let image = Arc::new(image);
    hosting.configure(view, &image);
    let opened = hosting.open(view, &image);
    view.next(image, opened)
}

#[test]
fn changed_settings_reach_open_partitions_with_kafkas_precedence() {
    use ConfigResource::{Broker, DefaultBroker, Topic};
    let mut hosting = hosting(&SimDisk::new());
    let view = publish(&mut hosting, &View::default(), image(2, &[]));
    assert_eq!(max_message_bytes(&view), [1_048_588, 1_048_588]);

    let mut configs = vec![(DefaultBroker, "message.max.bytes", "1000")];
    let view = publish(&mut hosting, &view, image(2, &configs));
    assert_eq!(max_message_bytes(&view), [1000, 1000], "the default of the cluster");

    configs.push((Broker(BrokerId(2)), "message.max.bytes", "1500"));
    configs.push((Broker(BROKER), "message.max.bytes", "2000"));
    let view = publish(&mut hosting, &view, image(2, &configs));
    assert_eq!(max_message_bytes(&view), [2000, 2000], "the broker's own");

    configs.push((Topic("t".into()), "max.message.bytes", "3000"));
    let view = publish(&mut hosting, &view, image(2, &configs));
    assert_eq!(max_message_bytes(&view), [3000, 3000], "the topic's own");

    let view = publish(&mut hosting, &view, image(2, &[]));
    assert_eq!(max_message_bytes(&view), [1_048_588, 1_048_588], "all removed again");
}

#[test]
fn settings_that_did_not_change_are_left_alone() {
    let mut hosting = hosting(&SimDisk::new());
    let view = publish(&mut hosting, &View::default(), image(1, &[]));
    assert!(!hosting.configure(&view, &image(1, &[])));
    let topic = ConfigResource::Topic("t".into());
    assert!(hosting.configure(&view, &image(1, &[(topic, "retention.ms", "1000")])));
}

#[test]
fn a_new_topic_has_the_settings_that_were_changed_before() {
    let mut hosting = hosting(&SimDisk::new());
    let configs = [(ConfigResource::DefaultBroker, "message.max.bytes", "1000")];
    let view = publish(&mut hosting, &View::default(), image(1, &configs));
    assert_eq!(max_message_bytes(&view), [1000]);
}

#[test]
fn a_partition_that_could_not_be_opened_is_opened_later_beside_the_others() {
    let sim = SimDisk::new();
    publish(&mut hosting(&sim), &View::default(), image(3, &[]));
    let mut hosting = hosting(&sim);
    sim.inject(Fault::next(OpKind::Open, Failure::Io).after(1));
    let view = publish(&mut hosting, &View::default(), image(3, &[]));
    assert_eq!(open_partitions(&view), 2);
    let before = view.topic("t").unwrap().partitions[0].clone().unwrap();

    let opened = hosting.open_offline(&view);
    let view = view.next(Arc::clone(view.image()), opened);
    assert_eq!(open_partitions(&view), 3);
    let after = view.topic("t").unwrap().partitions[0].clone().unwrap();
    assert!(Arc::ptr_eq(&before, &after), "what was open stays as it is");
    assert!(hosting.open_offline(&view).is_empty());
}

/// Thousands of logs pay for each call.
#[test]
fn a_start_asks_each_log_once_for_its_topic() {
    let opens = |partitions: i32| {
        let sim = SimDisk::new();
        publish(&mut hosting(&sim), &View::default(), image(partitions, &[]));
        let before = sim.call_count(OpKind::Open);
        let mut hosting = hosting(&sim);
        hosting.set_strays_aside(&image(partitions, &[]), Duration::ZERO);
        let asked = sim.call_count(OpKind::Open) - before;
        let view = publish(&mut hosting, &View::default(), image(partitions, &[]));
        assert_eq!(open_partitions(&view), partitions as usize);
        (asked, sim.call_count(OpKind::Open) - before - asked)
    };
    let ((asked, opened), (asked_more, opened_more)) = (opens(10), opens(20));
    assert_eq!(asked_more - asked, 10, "the id of each");
    assert!(opened_more - opened <= 3 * 10, "{} opens of files of ten logs", opened_more - opened);
}
