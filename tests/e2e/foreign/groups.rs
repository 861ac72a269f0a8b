//! Groups of foreign clients: members come and go, clients and the broker are killed, and each record is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{GroupId, OffsetFetchRequest};
use kafka_protocol::protocol::StrBytes;

use super::clients::Client;
use super::events::{self, Log, Place, Said, What};
use super::members::{Group, Kind, Member};
use super::ownership::{self, Manners};
use crate::batch::{self, Identity, Record};
use crate::calls::{commit_request, topic_name};
use crate::groups::find_coordinator;
use crate::harness::{Broker, keeps, unique};
use crate::raw::{Connection, error_name};

/// The settings under which groups react soon, with what stands for the session's timeout.
const SOON: [&str; 6] = [
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
    "group.consumer.min.session.timeout.ms=1000",
    "group.consumer.min.heartbeat.interval.ms=100",
    "group.consumer.heartbeat.interval.ms=200",
    "group.consumer.session.timeout.ms=SESSION",
];
/// Long enough for a machine that is busy.
const SESSION_MS: u32 = 6000;

/// A broker, a topic, and a group that reads it.
pub struct Scene {
    pub broker: Broker,
    pub group: Group,
    pub partitions: i32,
    /// Whether the members may read again what they read while they were paused.
    pub goes_back: bool,
    written: BTreeMap<i32, i64>,
}

impl Scene {
    /// None against an outside broker.
    pub fn open(partitions: i32) -> Option<Scene> {
        Scene::open_with(partitions, SESSION_MS)
    }

    /// As [`Scene::open`], with sessions of this length.
    pub fn open_with(partitions: i32, session_ms: u32) -> Option<Scene> {
        let settings = SOON.map(|setting| setting.replace("SESSION", &session_ms.to_string()));
        let options: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        let broker = Broker::own(&options)?;
        let topic = unique("grouped");
        Connection::open(&broker).create_topic(&topic, partitions);
        let group = Group::new(&broker, &topic, &topic, session_ms);
        Some(Scene { broker, group, partitions, goes_back: false, written: BTreeMap::new() })
    }

    pub fn log(&self) -> &Log {
        &self.group.log
    }

    /// Writes so many records to each partition.
    pub fn write(&mut self, each: usize) {
        let mut connection = Connection::open(&self.broker);
        for partition in 0..self.partitions {
            let records: Vec<_> = (0..each).map(|n| Record::of(format!("{partition} {n}"))).collect();
            let base = connection.produce(&self.group.topic, partition, batch::encode(Identity::NONE, &records));
            self.written.insert(partition, base.unwrap() + each as i64);
        }
    }

    /// Waits for something while records are written, one to each partition in turn, each when those before it have been read.
    pub fn while_writing(&mut self, wait: impl FnOnce(&Scene)) {
        let waits = AtomicBool::new(true);
        self.written = thread::scope(|scope| {
            let writer = scope.spawn(|| self.write_on(&waits));
            let end = Ends(&waits);
            wait(self);
            drop(end);
            writer.join().unwrap()
        });
    }

    /// What is written in the end.
    fn write_on(&self, waits: &AtomicBool) -> BTreeMap<i32, i64> {
        let (mut connection, mut written) = (Connection::open(&self.broker), self.written.clone());
        let mut partitions = (0..self.partitions).cycle();
        while let Some(partition) = partitions.next().filter(|_| waits.load(Ordering::Relaxed)) {
            let record = Record::of(format!("{partition} more"));
            let base = connection.produce(&self.group.topic, partition, batch::encode(Identity::NONE, &[record]));
            written.insert(partition, base.unwrap() + 1);
            let all = usize::try_from(written.values().sum::<i64>()).unwrap();
            self.log().wait("what was written is read", |said| {
                let read = said.iter().filter(|said| matches!(said.what, What::Record(..))).count();
                (read >= all || !waits.load(Ordering::Relaxed)).then_some(())
            });
        }
        written
    }

    /// Commits the start of each partition, so that nobody has to look for it.
    pub fn commit_starts(&self) {
        let mut connection = Connection::open(&self.broker);
        find_coordinator(&mut connection, &self.group.name);
        for partition in 0..self.partitions {
            let request = commit_request(&self.group.name, &self.group.topic, partition, 0);
            let response = connection.call(7, &request);
            assert_eq!(error_name(response.topics[0].partitions[0].error_code), "None");
        }
    }

    pub fn member(&self, kind: Kind, name: &str) -> Member {
        Member::start(kind, &self.group, name, "", 0)
    }

    /// Waits until these members, and no others, share all partitions, as evenly as they can.
    #[track_caller]
    pub fn await_shares(&self, members: &[&str]) {
        let (all, count) = (self.partitions as usize, members.len());
        self.log().wait(&format!("{members:?} share {all} partitions"), |said| {
            let shares: Vec<_> = members.iter().map(|member| events::held(said, member)).collect();
            let even = shares.iter().all(|share| (all / count..=all.div_ceil(count)).contains(&share.len()));
            let together: BTreeSet<Place> = shares.iter().flatten().cloned().collect();
            (even && together.len() == all && shares.iter().map(BTreeSet::len).sum::<usize>() == all).then_some(())
        });
    }

    /// Waits until all that was written is read, and committed.
    #[track_caller]
    pub fn await_all_read(&self) {
        self.log().wait("all records are read", |said| (events::read(said).len() == self.count()).then_some(()));
        self.log().wait("all positions are committed", |said| {
            let done = |(&partition, &end): (&i32, &i64)| events::committed(said, &self.place(partition)) == end;
            self.written.iter().all(done).then_some(())
        });
    }

    fn count(&self) -> usize {
        usize::try_from(self.written.values().sum::<i64>()).unwrap()
    }

    pub fn place(&self, partition: i32) -> Place {
        (self.group.topic.clone(), partition)
    }

    /// Checks all that was said, and that the broker has the positions that it has acknowledged.
    #[track_caller]
    pub fn check(&self, tell_generations: bool) -> Vec<Said> {
        let said = self.log().sorted();
        let manners = Manners { tell_generations, go_back: self.goes_back };
        let wrong = ownership::check(&said, self.group.session_ms, manners);
        assert!(wrong.is_empty(), "{wrong:#?}");
        for (&partition, &end) in &self.written {
            assert_eq!(self.position(partition), end, "the position in partition {partition}");
        }
        said
    }

    fn position(&self, partition: i32) -> i64 {
        let topic = OffsetFetchRequestTopic::default()
            .with_name(topic_name(&self.group.topic))
            .with_partition_indexes(vec![partition]);
        let request = OffsetFetchRequest::default()
            .with_group_id(GroupId(StrBytes::from_string(self.group.name.clone())))
            .with_topics(Some(vec![topic]));
        let response = Connection::open(&self.broker).call(7, &request);
        assert_eq!(error_name(response.error_code), "None");
        response.topics[0].partitions[0].committed_offset
    }
}

/// Ends what is done while it lives, also when a test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if thread::panicking() && keeps() {
            let line = |said: Said| format!("{} {} {:?}\n", said.at, said.member, said.what);
            let said: String = self.log().sorted().into_iter().map(line).collect();
            let _ = fs::write(self.broker.home().join("said"), said);
        }
    }
}

/// Everything that a group lives through.
fn lives(kind: Kind) {
    if !kind.works() {
        return;
    }
    let Some(mut scene) = Scene::open(6) else { return };
    scene.write(10);
    let [a, b] = ["a", "b"].map(|name| scene.member(kind, name));
    scene.await_shares(&["a", "b"]);
    scene.await_all_read();
    let c = scene.member(kind, "c");
    scene.await_shares(&["a", "b", "c"]);
    a.close();
    scene.await_shares(&["b", "c"]);
    scene.write(10);
    scene.await_all_read();
    b.kill();
    scene.await_shares(&["c"]);
    scene.write(10);
    scene.await_all_read();
    scene.broker.kill();
    scene.broker.start_again_there();
    scene.write(10);
    scene.await_all_read();
    let d = scene.member(kind, "d");
    scene.await_shares(&["c", "d"]);
    c.close();
    d.close();
    scene.check(kind.protocol == "classic");
    // Nobody was killed while it read, so nothing was read twice, unless a commit met the broker's end.
    let said = scene.log().sorted();
    if said.iter().any(|said| matches!(said.what, What::Refused(_))) {
        return;
    }
    let mut seen = BTreeMap::new();
    for said in &said {
        if let What::Record(place, offset) = &said.what
            && let Some(before) = seen.insert((place, offset), (&said.member, said.at))
        {
            panic!("{} reads {offset} of {place:?} again at {} after {before:?}", said.member, said.at);
        }
    }
}

/// A member with an instance id goes and comes again, and the others notice nothing.
fn comes_again(kind: Kind) {
    if !kind.works() {
        return;
    }
    let Some(mut scene) = Scene::open_with(6, 30_000) else { return };
    scene.write(1);
    let fixed = |scene: &Scene, name: &str, instance: &str| Member::start(kind, &scene.group, name, instance, 0);
    let a = fixed(&scene, "a", "one");
    scene.await_shares(&["a"]);
    let b = fixed(&scene, "b", "two");
    scene.await_shares(&["a", "b"]);
    scene.await_all_read();
    let had = scene.log().wait("a holds some", |said| Some(events::held(said, "a")));
    let before = assignments(&scene.log().sorted(), "b");
    // As who goes in order says that it will be back.
    if kind.protocol == "consumer" {
        a.close()
    } else {
        a.kill()
    }
    let again = fixed(&scene, "a again", "one");
    scene.log().wait("a has the same again", |said| (events::held(said, "a again") == had).then_some(()));
    scene.write(1);
    scene.await_all_read();
    let said = scene.log().sorted();
    assert_eq!(assignments(&said, "b"), before, "b was disturbed");
    let generation = |member: &str| assignments(&said, member).last().and_then(|(_, generation)| *generation);
    if kind.protocol == "classic" {
        assert_eq!(generation("a again"), generation("a"), "the generation");
    }
    again.close();
    b.close();
    scene.check(false);
}

/// Its client leaves out the instance when it says that it will be back, and is refused for that, by Kafka as well. So the place
/// is kept until the session is over, and the client asks until then.
#[test]
fn a_static_franz_go_comes_again_to_a_consumer_group_when_its_session_is_over() {
    let kind = Kind::consumer(Client::FranzGo, "sticky");
    if !kind.works() {
        return;
    }
    let Some(mut scene) = Scene::open(6) else { return };
    scene.write(1);
    let [a, b] = [("a", "one"), ("b", "two")].map(|(name, i)| Member::start(kind, &scene.group, name, i, 0));
    scene.await_shares(&["a", "b"]);
    scene.await_all_read();
    a.close();
    let again = Member::start(kind, &scene.group, "a again", "one", 0);
    scene.log().wait("its place is kept", |said| {
        let refused = |what: &What| matches!(what, What::Error(why) if why.contains("UNRELEASED_INSTANCE_ID"));
        said.iter().any(|said| said.member == again.name && refused(&said.what)).then_some(())
    });
    scene.await_shares(&["a again", "b"]);
    scene.write(1);
    scene.await_all_read();
    again.close();
    b.close();
    scene.check(false);
}

fn assignments(said: &[Said], member: &str) -> Vec<(Vec<Place>, Option<i64>)> {
    let assigned = |said: &Said| match &said.what {
        What::Assigned { places, generation } => Some((places.clone(), *generation)),
        _ => None,
    };
    said.iter().filter(|said| said.member == member).filter_map(assigned).collect()
}

macro_rules! groups {
    ($($name:ident: $what:ident($kind:expr);)*) => { $(#[test] fn $name() { $what($kind); })* };
}

groups! {
    a_group_of_java_clients_lives: lives(Kind::classic(Client::Java, "range"));
    a_group_of_java_clients_that_cooperate_lives: lives(Kind::classic(Client::Java, "cooperative-sticky"));
    a_consumer_group_of_java_clients_lives: lives(Kind::consumer(Client::Java, "uniform"));
    a_group_of_librdkafka_lives: lives(Kind::classic(Client::Confluent, "roundrobin"));
    a_group_of_librdkafka_that_cooperates_lives: lives(Kind::classic(Client::Confluent, "cooperative-sticky"));
    a_consumer_group_of_librdkafka_lives: lives(Kind::consumer(Client::Confluent, "range"));
    a_group_of_franz_go_lives: lives(Kind::classic(Client::FranzGo, "sticky"));
    a_group_of_franz_go_that_cooperates_lives: lives(Kind::classic(Client::FranzGo, "cooperative-sticky"));
    a_consumer_group_of_franz_go_lives: lives(Kind::consumer(Client::FranzGo, "sticky"));
    a_group_of_kafka_python_lives: lives(Kind::classic(Client::KafkaPython, "range"));
    a_group_of_aiokafka_lives: lives(Kind::classic(Client::Aiokafka, "roundrobin"));
    a_group_of_kafkajs_lives: lives(Kind::classic(Client::Kafkajs, "roundrobin"));
    a_group_of_kafka_go_lives: lives(Kind::classic(Client::KafkaGo, "range"));
    a_static_java_client_comes_again: comes_again(Kind::classic(Client::Java, "range"));
    a_static_java_client_comes_again_to_a_consumer_group: comes_again(Kind::consumer(Client::Java, "uniform"));
    a_static_librdkafka_comes_again: comes_again(Kind::classic(Client::Confluent, "range"));
    a_static_librdkafka_comes_again_to_a_consumer_group: comes_again(Kind::consumer(Client::Confluent, "uniform"));
    a_static_franz_go_comes_again: comes_again(Kind::classic(Client::FranzGo, "range"));
    a_static_kafka_python_comes_again: comes_again(Kind::classic(Client::KafkaPython, "range"));
    a_static_aiokafka_comes_again: comes_again(Kind::classic(Client::Aiokafka, "range"));
}

/// Without kafka-go, which cannot lead a group with a librdkafka in it: it does not read what that one tells of itself.
#[test]
fn clients_of_all_kinds_share_a_topic_whoever_leads() {
    let all =
        [Client::FranzGo, Client::Confluent, Client::KafkaPython, Client::Aiokafka, Client::Kafkajs, Client::Java];
    let kinds: Vec<_> =
        all.into_iter().map(|client| Kind::classic(client, "range")).filter(|kind| kind.works()).collect();
    let Some(mut scene) = Scene::open(14) else { return };
    scene.write(2);
    // The first of those that are there leads.
    let mut members: Vec<_> = kinds.iter().map(|kind| scene.member(*kind, kind.client.name())).collect();
    let mut names: Vec<_> = kinds.iter().map(|kind| kind.client.name()).collect();
    while !members.is_empty() {
        scene.await_shares(&names);
        scene.write(2);
        scene.await_all_read();
        members.remove(0).close();
        names.remove(0);
    }
    scene.check(true);
}
