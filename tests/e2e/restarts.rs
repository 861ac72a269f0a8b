//! `kill -9` while clients ask for what they were told before: from the last moment of a process to the first of the next
//! one no answer may say that an acknowledged record or a committed position is not there. A consumer that believes such an
//! answer begins anew.
//!
//! `OTTLA_CRASH_CYCLES` is how often the broker is killed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::{self, park_timeout};
use std::time::{Duration, Instant};

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{
    BrokerId, GroupId, ListOffsetsRequest, MetadataRequest, OffsetFetchRequest, OffsetForLeaderEpochRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::batch::{self, Identity, Record};
use crate::calls::{FETCH, PRODUCE, base_offset, commit_request, fetch_request, produce_request, topic_name};
use crate::groups::find_coordinator;
use crate::harness::{Broker, PATIENCE, unique};
use crate::raw::{Connection, error_name};

const KILLS: usize = 20;
const PARTITIONS: usize = 4;
/// Each asks about all partitions, in turn.
const ASKERS: usize = 3;
/// So many rounds of each writer come between two kills.
const ROUNDS: i64 = 40;
/// What a client hears of a coordinator that is not ready; it asks again.
const NOT_READY: [&str; 3] = ["CoordinatorLoadInProgress", "NotCoordinator", "CoordinatorNotAvailable"];

#[test]
fn no_answer_after_a_kill_forgets_a_record_or_a_commit() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let told = &Told::new(&unique("restarts"), broker.bootstrap());
    let mut connection = Connection::open(&broker);
    connection.create_topic(&told.topic, PARTITIONS as i32);
    (0..PARTITIONS).for_each(|partition| _ = find_coordinator(&mut connection, &told.group(partition)));
    thread::scope(|scope| {
        let stop = Stop(&told.is_over);
        (0..PARTITIONS)
            .for_each(|partition| _ = scope.spawn(move || told.on_connections(|it| told.write(it, partition))));
        (0..ASKERS).for_each(|asker| _ = scope.spawn(move || told.on_connections(|it| told.ask(it, asker))));
        for _ in 0..kills() {
            told.await_rounds();
            broker.kill();
            broker.start_again_there();
        }
        told.await_rounds();
        drop(stop);
    });
    let asked = told.asked.load(Ordering::Relaxed);
    eprintln!("{asked} answers, {} of coordinators that were not ready", told.not_ready.load(Ordering::Relaxed));
}

fn kills() -> usize {
    let given = std::env::var("OTTLA_CRASH_CYCLES").ok();
    given.map_or(KILLS, |kills| kills.parse().expect("OTTLA_CRASH_CYCLES is a number"))
}

/// Ends the clients, also when the test has failed.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What the broker has told, which it may not take back.
struct Told {
    topic: String,
    address: String,
    is_over: AtomicBool,
    /// The offsets after what was acknowledged.
    ends: [AtomicI64; PARTITIONS],
    committed: [AtomicI64; PARTITIONS],
    /// Offsets at which logs ended, with the leader's epoch: what consumers remember.
    positions: [Mutex<(i64, i32)>; PARTITIONS],
    asked: AtomicI64,
    not_ready: AtomicI64,
}

impl Told {
    fn new(topic: &str, address: &str) -> Told {
        Told {
            topic: topic.to_owned(),
            address: address.to_owned(),
            is_over: AtomicBool::new(false),
            ends: Default::default(),
            committed: [const { AtomicI64::new(-1) }; PARTITIONS],
            positions: Default::default(),
            asked: AtomicI64::new(0),
            not_ready: AtomicI64::new(0),
        }
    }

    /// Each partition has a group of its own, in partitions of `__consumer_offsets` of their own.
    fn group(&self, partition: usize) -> String {
        format!("{}-of-{partition}", self.topic)
    }

    /// Does `work` again and again, on a new connection after the broker has closed one.
    fn on_connections(&self, mut work: impl FnMut(&mut Connection) -> Option<()>) {
        let _stop = Stop(&self.is_over);
        let is_over = || self.is_over.load(Ordering::SeqCst);
        while !is_over() {
            match Connection::try_to(&self.address) {
                Ok(mut connection) => while !is_over() && work(&mut connection).is_some() {},
                // Nobody listens.
                Err(_) => park_timeout(Duration::from_micros(200)),
            }
        }
    }

    /// Waits until each partition has got further, which takes a broker that works.
    fn await_rounds(&self) {
        let deadline = Instant::now() + PATIENCE;
        let goals: Vec<_> = self.committed.iter().map(|at| at.load(Ordering::SeqCst) + ROUNDS).collect();
        let is_there = |(at, goal): (&AtomicI64, &i64)| at.load(Ordering::SeqCst) >= *goal;
        while !self.committed.iter().zip(&goals).all(is_there) {
            assert!(!self.is_over.load(Ordering::SeqCst), "a client has failed");
            assert!(Instant::now() < deadline, "the broker does not get on");
            park_timeout(Duration::from_millis(1));
        }
    }

    /// A record, and a commit behind it.
    fn write(&self, connection: &mut Connection, partition: usize) -> Option<()> {
        let bytes = batch::encode(Identity::NONE, &[Record::of("a record")]);
        let produced = connection.try_call(PRODUCE, &produce_request(&self.topic, partition as i32, bytes))?;
        let end = base_offset(&produced).unwrap() + 1;
        let before = self.ends[partition].fetch_max(end, Ordering::SeqCst);
        assert!(end > before, "{end} is no new end after {before}");
        let request = commit_request(&self.group(partition), &self.topic, partition as i32, end);
        let response = connection.try_call(7, &request)?;
        match error_name(response.topics[0].partitions[0].error_code).as_str() {
            "None" => _ = self.committed[partition].fetch_max(end, Ordering::SeqCst),
            error => assert!(NOT_READY.contains(&error), "OffsetCommit: {error}"),
        }
        Some(())
    }

    fn ask(&self, connection: &mut Connection, asker: usize) -> Option<()> {
        for partition in (0..PARTITIONS).cycle().skip(asker).take(PARTITIONS) {
            self.ask_for_position(connection, partition, asker.is_multiple_of(2))?;
            self.ask_for_epoch(connection, partition)?;
            self.ask_for_end(connection, partition)?;
            self.ask_for_records(connection, partition)?;
            self.ask_for_topic(connection)?;
            self.asked.fetch_add(6, Ordering::Relaxed);
        }
        Some(())
    }

    fn ask_for_position(&self, connection: &mut Connection, partition: usize, is_old: bool) -> Option<()> {
        let floor = self.committed[partition].load(Ordering::SeqCst);
        let group = GroupId(StrBytes::from_string(self.group(partition)));
        let (name, indexes) = (topic_name(&self.topic), vec![partition as i32]);
        let (error, position) = if is_old {
            let topic = OffsetFetchRequestTopic::default().with_name(name).with_partition_indexes(indexes);
            let request = OffsetFetchRequest::default().with_group_id(group).with_topics(Some(vec![topic]));
            let response = connection.try_call(7, &request)?;
            let position = response.topics.first().map(|topic| topic.partitions[0].committed_offset);
            (error_name(response.error_code), position)
        } else {
            let topic = OffsetFetchRequestTopics::default().with_name(name).with_partition_indexes(indexes);
            let asked = OffsetFetchRequestGroup::default().with_group_id(group).with_topics(Some(vec![topic]));
            let response = connection.try_call(9, &OffsetFetchRequest::default().with_groups(vec![asked]))?;
            let group = &response.groups[0];
            let position = group.topics.first().map(|topic| topic.partitions[0].committed_offset);
            (error_name(group.error_code), position)
        };
        if NOT_READY.contains(&&*error) {
            self.not_ready.fetch_add(1, Ordering::Relaxed);
            return Some(());
        }
        assert_eq!(error, "None", "OffsetFetch");
        let position = position.expect("no error, so a position");
        assert!(position >= floor, "the position {position} is told, but {floor} was committed");
        Some(())
    }

    /// Where the log ends.
    fn ask_for_end(&self, connection: &mut Connection, partition: usize) -> Option<()> {
        let floor = self.ends[partition].load(Ordering::SeqCst);
        let asked = ListOffsetsPartition::default().with_partition_index(partition as i32).with_timestamp(-1);
        let asked = ListOffsetsTopic::default().with_name(topic_name(&self.topic)).with_partitions(vec![asked]);
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![asked]);
        let response = connection.try_call(7, &request)?;
        let listed = &response.topics[0].partitions[0];
        assert_eq!(error_name(listed.error_code), "None", "ListOffsets");
        assert!(listed.offset >= floor, "the end {} is told, but {floor} was", listed.offset);
        *self.positions[partition].lock().unwrap() = (listed.offset, listed.leader_epoch);
        Some(())
    }

    /// Whether the log still has what a consumer has read that was at an end of it.
    fn ask_for_epoch(&self, connection: &mut Connection, partition: usize) -> Option<()> {
        let (offset, epoch) = *self.positions[partition].lock().unwrap();
        let asked = OffsetForLeaderPartition::default()
            .with_partition(partition as i32)
            .with_current_leader_epoch(-1)
            .with_leader_epoch(epoch);
        let asked = OffsetForLeaderTopic::default().with_topic(topic_name(&self.topic)).with_partitions(vec![asked]);
        let request = OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![asked]);
        let response = connection.try_call(4, &request)?;
        let told = &response.topics[0].partitions[0];
        assert_eq!(error_name(told.error_code), "None", "OffsetForLeaderEpoch");
        let is_there = told.leader_epoch >= 0 && told.end_offset >= offset;
        assert!(is_there, "{offset} was in epoch {epoch}, but epoch {} ends at {}", told.leader_epoch, told.end_offset);
        Some(())
    }

    /// The last record that was acknowledged, and what comes after it.
    fn ask_for_records(&self, connection: &mut Connection, partition: usize) -> Option<()> {
        let end = self.ends[partition].load(Ordering::SeqCst);
        for from in [(end - 1).max(0), end] {
            let response = connection.try_call(FETCH, &fetch_request(&self.topic, partition as i32, from, 1 << 16))?;
            let data = &response.responses[0].partitions[0];
            assert_eq!(error_name(data.error_code), "None", "Fetch from {from}, where {end} was the end");
            assert!(data.high_watermark >= end, "high watermark {}, where {end} was the end", data.high_watermark);
            let is_there = data.records.as_ref().is_some_and(|records| !records.is_empty());
            assert!(is_there || from == end, "no record at {from}, where {end} was the end");
        }
        Some(())
    }

    fn ask_for_topic(&self, connection: &mut Connection) -> Option<()> {
        let response = connection.try_call(12, &MetadataRequest::default().with_topics(None))?;
        let topic = response.topics.iter().find(|topic| topic.name == Some(topic_name(&self.topic)));
        let topic = topic.expect("the topic is told");
        assert_eq!((error_name(topic.error_code).as_str(), topic.partitions.len()), ("None", PARTITIONS));
        assert!(topic.partitions.iter().all(|partition| partition.error_code == 0 && partition.leader_id.0 >= 0));
        Some(())
    }
}
