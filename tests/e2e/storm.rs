//! A topic that is deleted and created again without a pause, while others write to it: a flush, a retention pass or a
//! produce request that meets files on their way out is an answer to a client, never the end of the log directory
//! (KAFKA-15391, KAFKA-16157).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use kafka_protocol::messages::DeleteTopicsRequest;

use crate::batch::{self, Identity, Record};
use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

const INCARNATIONS: usize = 200;
const WRITERS: usize = 2;
/// What a producer may be told of a topic that comes and goes.
const PASSING: [&str; 2] = ["UnknownTopicOrPartition", "NotLeaderOrFollower"];

#[test]
fn a_topic_comes_and_goes_two_hundred_times_under_load() {
    storm(&[]);
}

#[test]
fn a_topic_comes_and_goes_two_hundred_times_while_every_batch_is_flushed() {
    storm(&["--durable"]);
}

fn storm(options: &[&str]) {
    let Some(mut broker) = Broker::own(options) else { return };
    let (topic, witness) = (unique("storm"), unique("witness"));
    let mut connection = Connection::open(&broker);
    connection.create_topic(&witness, 1);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| write_until(&over, &broker, &topic));
        }
        // Also when an assertion fails, so that the writers end.
        let _end = SetOnDrop(&over);
        for n in 0..INCARNATIONS {
            connection.create_topic(&topic, 1);
            connection.produce(&topic, 0, one(&format!("incarnation {n}"))).unwrap();
            assert_eq!(connection.produce(&witness, 0, one(&format!("witness {n}"))), Ok(n as i64));
            delete_topic(&mut connection, &topic);
        }
    });

    connection.create_topic(&topic, 1);
    assert_eq!(connection.produce(&topic, 0, one("the last incarnation")), Ok(0));
    check(&mut connection, &topic, &witness);
    assert!(broker.stop().success(), "every log was closed");
    broker.start_again();
    check(&mut Connection::open(&broker), &topic, &witness);
    assert!(!broker.stderr().contains("I/O error"), "{}", broker.stderr());
}

/// Writes whenever there is a topic. Any other refusal than that there is none fails the test.
fn write_until(over: &AtomicBool, broker: &Broker, topic: &str) {
    let mut connection = Connection::open(broker);
    while !over.load(Ordering::Relaxed) {
        if let Err(error) = connection.produce(topic, 0, one("noise")) {
            assert!(PASSING.contains(&error.as_str()), "a producer was told {error}");
        }
    }
}

pub fn delete_topic(connection: &mut Connection, topic: &str) {
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name(topic)]).with_timeout_ms(30_000);
    let response = connection.call(5, &request);
    assert_eq!(error_name(response.responses[0].error_code), "None");
}

fn check(connection: &mut Connection, topic: &str, witness: &str) {
    assert_eq!(values(connection, topic), ["the last incarnation"]);
    let expected: Vec<_> = (0..INCARNATIONS).map(|n| format!("witness {n}")).collect();
    assert_eq!(values(connection, witness), expected);
}

fn values(connection: &mut Connection, topic: &str) -> Vec<String> {
    let all = connection.fetch_all(topic, 0);
    let records = batch::split(&all).into_iter().flat_map(batch::decode);
    records.map(|(_, record)| String::from_utf8(record.value.unwrap()).unwrap()).collect()
}

fn one(value: &str) -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of(value)])
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
