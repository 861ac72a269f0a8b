//! Fetch sessions (KIP-227), at versions with topic names and with topic ids.

mod model;

use std::collections::HashMap;

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{BrokerId, DeleteTopicsRequest, FetchRequest, FetchResponse, MetadataRequest};

use crate::batch::{self, Identity, Record};
use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name, framed};

/// The first and the last that name topics, and the first and the last that tell their ids.
const VERSIONS: [i16; 4] = [7, 12, 13, 17];
/// Longer than any test waits: an answer that comes was not the deadline's.
const FOREVER_MS: i32 = 600_000;

/// A consumer with a session.
struct Session {
    connection: Connection,
    version: i16,
    /// By name; each with its id.
    topics: HashMap<String, FetchTopic>,
    id: i32,
    epoch: i32,
    max_bytes: i32,
}

/// Topic, partition, and the offset to read from.
type Change<'a> = (&'a str, i32, i64);

/// Topic, partition, error, high watermark, start, records.
#[derive(Debug, PartialEq)]
struct Told {
    topic: String,
    partition: i32,
    error: String,
    high_watermark: i64,
    start: i64,
    records: usize,
}

impl Session {
    fn new(broker: &Broker, version: i16, topics: &[&str]) -> Session {
        let mut connection = Connection::open(broker);
        let topics = topics.iter().map(|&topic| (topic.to_owned(), connection.named_topic(topic))).collect();
        Session { connection, version, topics, id: 0, epoch: 0, max_bytes: 1 << 20 }
    }

    fn request(&self, changes: &[Change<'_>], forgotten: &[(&str, i32)], wait_ms: i32) -> FetchRequest {
        let topic = |&(topic, partition, offset): &Change<'_>| {
            let asked = FetchPartition::default()
                .with_partition(partition)
                .with_fetch_offset(offset)
                .with_current_leader_epoch(-1)
                .with_partition_max_bytes(self.max_bytes);
            self.topics[topic].clone().with_partitions(vec![asked])
        };
        let forget = |&(topic, partition): &(&str, i32)| {
            let forgotten =
                ForgottenTopic::default().with_topic(topic_name(topic)).with_topic_id(self.topics[topic].topic_id);
            forgotten.with_partitions(vec![partition])
        };
        FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(wait_ms)
            .with_min_bytes(1)
            .with_max_bytes(self.max_bytes)
            .with_session_id(self.id)
            .with_session_epoch(self.epoch)
            .with_topics(changes.iter().map(topic).collect())
            .with_forgotten_topics_data(forgotten.iter().map(forget).collect())
    }

    /// The next fetch of the session, or its first; does not wait for records.
    fn fetch(&mut self, changes: &[Change<'_>], forgotten: &[(&str, i32)]) -> Vec<Told> {
        let response = self.call(changes, forgotten);
        assert_eq!(error_name(response.error_code), "None");
        assert_ne!(response.session_id, 0, "a session");
        (self.id, self.epoch) = (response.session_id, self.epoch + 1);
        self.told(&response)
    }

    fn call(&mut self, changes: &[Change<'_>], forgotten: &[(&str, i32)]) -> FetchResponse {
        let request = self.request(changes, forgotten, 0);
        self.connection.call(self.version, &request)
    }

    fn refused(&mut self, changes: &[Change<'_>]) -> String {
        let response = self.call(changes, &[]);
        assert_eq!((response.session_id, response.responses.len()), (0, 0));
        error_name(response.error_code)
    }

    fn told(&self, response: &FetchResponse) -> Vec<Told> {
        let mut told = Vec::new();
        for topic in &response.responses {
            let is_this = |known: &&FetchTopic| match self.version {
                13.. => known.topic_id == topic.topic_id,
                _ => known.topic == topic.topic,
            };
            let topic_name = self.topics.values().find(is_this).expect("a known topic").topic.to_string();
            told.extend(topic.partitions.iter().map(|data| Told {
                topic: topic_name.clone(),
                partition: data.partition_index,
                error: error_name(data.error_code),
                high_watermark: data.high_watermark,
                start: data.log_start_offset,
                records: batch::split(data.records.as_deref().unwrap_or_default()).len(),
            }));
        }
        told
    }
}

impl Connection {
    /// A topic with its name and its id.
    fn named_topic(&mut self, topic: &str) -> FetchTopic {
        let asked = MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
        let request = MetadataRequest::default().with_topics(Some(vec![asked])).with_allow_auto_topic_creation(false);
        let topic_id = self.call(12, &request).topics[0].topic_id;
        FetchTopic::default().with_topic(topic_name(topic)).with_topic_id(topic_id)
    }

    fn drop_topic(&mut self, topic: &str) {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name(topic)]).with_timeout_ms(30_000);
        assert_eq!(error_name(self.call(5, &request).responses[0].error_code), "None");
    }
}

fn one(value: &str) -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of(value)])
}

fn partitions(told: &[Told]) -> Vec<i32> {
    told.iter().map(|told| told.partition).collect()
}

#[test]
fn a_session_is_answered_with_what_is_new() {
    let broker = Broker::start();
    for version in VERSIONS {
        let topic = unique("session");
        let mut writer = Connection::open(&broker);
        writer.create_topic(&topic, 3);
        let mut session = Session::new(&broker, version, &[&topic]);
        let all = [(&*topic, 0, 0), (&*topic, 1, 0), (&*topic, 2, 0)];
        assert_eq!(partitions(&session.fetch(&all, &[])), [0, 1, 2], "a whole fetch is answered whole");
        assert_eq!(session.fetch(&[], &[]), [], "nothing is new");

        writer.produce(&topic, 1, one("a")).unwrap();
        let told = session.fetch(&[], &[]);
        assert_eq!((partitions(&told), told[0].high_watermark, told[0].records), (vec![1], 1, 1));
        assert_eq!(session.fetch(&[], &[])[0].records, 1, "records are told until the position moves");
        assert_eq!(session.fetch(&[(&topic, 1, 1)], &[]), [], "the high watermark is known");

        writer.produce(&topic, 0, one("b")).unwrap();
        writer.produce(&topic, 2, one("c")).unwrap();
        assert_eq!(partitions(&session.fetch(&[], &[(&topic, 2)])), [0], "2 is forgotten");
        assert_eq!(session.fetch(&[(&topic, 0, 1)], &[]), []);
        let told = session.fetch(&[(&topic, 2, 1)], &[]);
        assert_eq!((partitions(&told), told[0].high_watermark), (vec![2], 1), "it is new again");
        let told = session.fetch(&[(&topic, 2, 9)], &[]);
        assert_eq!((partitions(&told), &*told[0].error), (vec![2], "OffsetOutOfRange"));
        assert_eq!(partitions(&session.fetch(&[(&topic, 2, 1)], &[])), [2], "told again once the error is gone");
        assert_eq!(session.fetch(&[], &[]), []);
    }
}

#[test]
fn sessions_are_refused_by_name_and_closed_as_kafka_does() {
    let broker = Broker::start();
    for version in VERSIONS {
        let topic = unique("session");
        Connection::open(&broker).create_topic(&topic, 2);
        let mut session = Session::new(&broker, version, &[&topic]);
        (session.id, session.epoch) = (0, 1);
        assert_eq!(session.refused(&[]), "FetchSessionIdNotFound");
        (session.id, session.epoch) = (0, 0);
        session.fetch(&[(&topic, 0, 0)], &[]);
        let id = session.id;
        for epoch in [2, 7, -2, i32::MIN, i32::MAX] {
            session.epoch = epoch;
            assert_eq!(session.refused(&[]), "InvalidFetchSessionEpoch", "{epoch}");
        }
        session.epoch = 1;
        session.version = if version >= 13 { 12 } else { 13 };
        assert_eq!(session.refused(&[]), "FetchSessionTopicIdError");
        session.version = version;
        assert_eq!(session.fetch(&[], &[]), [], "a refusal changes nothing");

        // A whole fetch with the id ends that session; with epoch 0 it begins another.
        session.epoch = 0;
        assert_eq!(partitions(&session.fetch(&[(&topic, 1, 0)], &[])), [1]);
        assert_ne!(session.id, id);
        let next = std::mem::replace(&mut session.id, id);
        assert_eq!(session.refused(&[]), "FetchSessionIdNotFound");
        (session.id, session.epoch) = (next, -1);
        let response = session.call(&[(&topic, 1, 0)], &[]);
        assert_eq!((response.error_code, response.session_id, response.responses.len()), (0, 0, 1));
        session.epoch = 1;
        assert_eq!(session.refused(&[]), "FetchSessionIdNotFound");

        // A session that forgets all it has is gone.
        (session.id, session.epoch) = (0, 0);
        session.fetch(&[(&topic, 0, 0)], &[]);
        let response = session.call(&[], &[(&topic, 0)]);
        assert_eq!((response.error_code, response.session_id, response.responses.len()), (0, 0, 0));
        session.epoch = 2;
        assert_eq!(session.refused(&[]), "FetchSessionIdNotFound");
    }
}

#[test]
fn a_session_hears_of_topics_that_go_and_come() {
    let broker = Broker::start();
    for version in VERSIONS {
        let (topic, other, never) = (unique("comes"), unique("stays"), unique("never"));
        let mut writer = Connection::open(&broker);
        [&topic, &other, &never].iter().for_each(|topic| writer.create_topic(topic, 1));
        let mut session = Session::new(&broker, version, &[&topic, &other, &never]);
        writer.drop_topic(&never);
        session.fetch(&[(&topic, 0, 0), (&other, 0, 0)], &[]);
        let error = |told: Vec<Told>| told.into_iter().map(|told| (told.topic, told.error)).collect::<Vec<_>>();
        let unknown = |error: &str| vec![(topic.clone(), error.to_owned())];
        writer.drop_topic(&topic);
        assert_eq!(error(session.fetch(&[], &[])), unknown("UnknownTopicOrPartition"));
        writer.create_topic(&topic, 1);
        let again = if version >= 13 { "InconsistentTopicId" } else { "None" };
        assert_eq!(error(session.fetch(&[], &[])), unknown(again), "{version}");
        if version >= 13 {
            session.fetch(&[], &[(&topic, 0)]);
            let told = session.fetch(&[(&never, 0, 0)], &[]);
            assert_eq!(error(told), [(never, "UnknownTopicId".to_owned())]);
        } else {
            assert_eq!(session.fetch(&[], &[]), [], "known again");
            writer.produce(&topic, 0, one("in the new topic")).unwrap();
            assert_eq!(session.fetch(&[], &[])[0].records, 1);
        }
    }
}

/// Each answer has room for one batch: partitions take turns.
#[test]
fn a_partition_with_much_to_give_does_not_keep_others_waiting() {
    let broker = Broker::start();
    let topic = unique("turns");
    let mut writer = Connection::open(&broker);
    writer.create_topic(&topic, 3);
    for partition in 0..3 {
        (0..4).for_each(|_| _ = writer.produce(&topic, partition, one("x")).unwrap());
    }
    let mut session = Session::new(&broker, 12, &[&topic]);
    session.max_bytes = 1;
    let mut next = [0; 3];
    let mut served: Vec<i32> = Vec::new();
    let mut changes: Vec<(i32, i64)> = vec![(0, 0), (1, 0), (2, 0)];
    for _ in 0..12 {
        let asked: Vec<Change<'_>> = changes.iter().map(|&(partition, offset)| (&*topic, partition, offset)).collect();
        let told = session.fetch(&asked, &[]);
        let with_records: Vec<_> = told.iter().filter(|told| told.records > 0).map(|told| told.partition).collect();
        let [partition] = with_records[..] else { panic!("one batch in each answer: {told:?}") };
        next[partition as usize] += 1;
        changes = vec![(partition, next[partition as usize])];
        served.push(partition);
    }
    for turns in served[1..].chunks(3).filter(|turns| turns.len() == 3) {
        let mut turns = turns.to_vec();
        turns.sort_unstable();
        assert_eq!(turns, [0, 1, 2], "{served:?}");
    }
}

#[test]
fn a_fetch_that_waits_is_answered_when_one_partition_of_many_grows() {
    const PARTITIONS: i32 = 200;
    let broker = Broker::start();
    for version in [12, 17] {
        let topic = unique("waits");
        let mut writer = Connection::open(&broker);
        writer.create_topic(&topic, PARTITIONS);
        let mut session = Session::new(&broker, version, &[&topic]);
        let all: Vec<_> = (0..PARTITIONS).map(|partition| (&*topic, partition, 0)).collect();
        assert_eq!(session.fetch(&all, &[]).len(), PARTITIONS as usize);
        let mut changed: Option<i32> = None;
        for partition in [0, 77, PARTITIONS - 1] {
            let changes: Vec<_> = changed.iter().map(|&partition| (&*topic, partition, 1)).collect();
            let request = session.request(&changes, &[], FOREVER_MS);
            session.connection.send(&framed(version, 1, &request)).unwrap();
            session.epoch += 1;
            writer.produce(&topic, partition, one("x")).unwrap();
            let (_, response) = session.connection.answer::<FetchRequest>(version).expect("an answer");
            let told = session.told(&response);
            assert_eq!((partitions(&told), told[0].records), (vec![partition], 1));
            changed = Some(partition);
        }
    }
}

#[test]
fn a_fetch_that_waits_for_more_than_came_first_hears_of_what_comes_next() {
    let broker = Broker::start();
    for version in VERSIONS {
        let topic = unique("waits-for-two");
        let mut writer = Connection::open(&broker);
        writer.create_topic(&topic, 1);
        let mut session = Session::new(&broker, version, &[&topic]);
        session.fetch(&[(&topic, 0, 0)], &[]);
        let batch = one("x");
        let request = session.request(&[], &[], FOREVER_MS).with_min_bytes(3 * batch.len() as i32);
        session.connection.send(&framed(version, 1, &request)).unwrap();
        for _ in 0..3 {
            writer.produce(&topic, 0, batch.clone()).unwrap();
        }
        let (_, response) = session.connection.answer::<FetchRequest>(version).expect("an answer");
        assert_eq!(session.told(&response)[0].records, 3);
    }
}

#[test]
fn a_fetch_that_waits_hears_of_records_after_others_were_deleted() {
    let broker = Broker::start();
    for version in VERSIONS {
        let topic = unique("waits-deleted");
        let mut writer = Connection::open(&broker);
        writer.create_topic(&topic, 1);
        writer.produce(&topic, 0, one("x")).unwrap();
        let mut session = Session::new(&broker, version, &[&topic]);
        session.fetch(&[(&topic, 0, 1)], &[]);
        session.connection.send(&framed(version, 1, &session.request(&[], &[], FOREVER_MS))).unwrap();
        assert_eq!(writer.delete_records(2, &topic, 0, 1), Ok(1));
        writer.produce(&topic, 0, one("y")).unwrap();
        let (_, response) = session.connection.answer::<FetchRequest>(version).expect("an answer");
        let told = session.told(&response);
        assert_eq!((told[0].start, told[0].records), (1, 1));
    }
}

#[test]
fn a_partition_that_is_named_twice_is_told_once() {
    let broker = Broker::start();
    let topic = unique("twice");
    let mut writer = Connection::open(&broker);
    writer.create_topic(&topic, 1);
    let mut session = Session::new(&broker, 12, &[&topic]);
    writer.produce(&topic, 0, one("x")).unwrap();
    session.fetch(&[(&topic, 0, 0), (&topic, 0, 0)], &[]);
    assert_eq!(partitions(&session.fetch(&[], &[])), [0]);
}

#[test]
fn a_session_outlives_its_connection_and_one_request_overtakes_another() {
    let broker = Broker::start();
    let topic = unique("moves");
    let mut writer = Connection::open(&broker);
    writer.create_topic(&topic, 1);
    let mut session = Session::new(&broker, 17, &[&topic]);
    session.fetch(&[(&topic, 0, 0)], &[]);
    // Two requests in one go are one after the other.
    let first = framed(17, 1, &session.request(&[], &[], 0));
    session.epoch += 1;
    let second = framed(17, 2, &session.request(&[], &[], 0));
    session.epoch += 1;
    session.connection.send(&[first, second].concat()).unwrap();
    for correlation_id in 1..=2 {
        let (answered, response) = session.connection.answer::<FetchRequest>(17).expect("an answer");
        assert_eq!((answered, response.error_code, response.session_id), (correlation_id, 0, session.id));
    }

    // One connection waits; another goes on with the session.
    let waiting = framed(17, 3, &session.request(&[], &[], FOREVER_MS));
    session.connection.send(&waiting).unwrap();
    session.epoch += 1;
    let mut before = std::mem::replace(&mut session.connection, Connection::open(&broker));
    while session.call(&[], &[]).error_code != 0 {}
    session.epoch += 1;
    session.connection.send(&framed(17, 4, &session.request(&[], &[], FOREVER_MS))).unwrap();
    writer.produce(&topic, 0, one("x")).unwrap();
    let (_, overtaken) = before.answer::<FetchRequest>(17).expect("an answer");
    assert_eq!((&*error_name(overtaken.error_code), overtaken.session_id), ("InvalidFetchSessionEpoch", session.id));
    let (_, response) = session.connection.answer::<FetchRequest>(17).expect("an answer");
    assert_eq!((response.error_code, session.told(&response)[0].records), (0, 1));
}

#[test]
fn there_are_as_many_sessions_as_there_are_slots() {
    let Some(broker) = Broker::own(&["--set", "max.incremental.fetch.session.cache.slots=2"]) else { return };
    let topic = unique("slots");
    Connection::open(&broker).create_topic(&topic, 1);
    let mut sessions: Vec<_> = (0..3).map(|_| Session::new(&broker, 17, &[&topic])).collect();
    let ids: Vec<i32> = sessions.iter_mut().map(|session| session.call(&[(&topic, 0, 0)], &[]).session_id).collect();
    assert!(ids[0] != 0 && ids[1] != 0 && ids[2] == 0, "{ids:?}");
    // The end of one makes room.
    (sessions[0].id, sessions[0].epoch) = (ids[0], -1);
    sessions[0].call(&[], &[]);
    assert_ne!(sessions[2].call(&[(&topic, 0, 0)], &[]).session_id, 0);
}
