//! Load that outlives brokers: producers and consumers in threads of their own, each with its ledger.

mod consumer;
mod deleter;
mod finale;
mod idempotent;
mod plain;
pub mod records;

use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::{CreateTopicsRequest, DeleteTopicsRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;

use crate::calls::topic_name;
use crate::node::{Node, Whereabouts};
use crate::pen::Desk;
use crate::wire::Wire;
pub use finale::{Damage, read_all};

/// A topic and how ledgers call it.
#[derive(Clone)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its number: no two topics of a run share one.
    pub number: u16,
    /// How many partitions it has.
    pub partitions: u16,
}

impl Topic {
    /// A ledger's number of a partition.
    pub fn partition(&self, partition: u16) -> u32 {
        u32::from(self.number) << 16 | u32::from(partition)
    }

    /// Creates it; the error is Kafka's code.
    pub fn create(&self, wire: &mut Wire, configs: &[(&str, &str)]) -> io::Result<i16> {
        let text = |text: &str| StrBytes::from_string(text.to_owned());
        let configs = configs
            .iter()
            .map(|(key, value)| CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value))));
        let creatable = CreatableTopic::default()
            .with_name(topic_name(&self.name))
            .with_num_partitions(i32::from(self.partitions))
            .with_replication_factor(1)
            .with_configs(configs.collect());
        let response =
            wire.call(7, &CreateTopicsRequest::default().with_topics(vec![creatable]).with_timeout_ms(20_000))?;
        Ok(response.topics[0].error_code)
    }

    /// Deletes it; the error is Kafka's code.
    pub fn delete(&self, wire: &mut Wire) -> io::Result<i16> {
        let request =
            DeleteTopicsRequest::default().with_topic_names(vec![topic_name(&self.name)]).with_timeout_ms(20_000);
        Ok(wire.call(5, &request)?.responses[0].error_code)
    }
}

/// Topic configs with which logs roll often: the least that Kafka takes.
pub const SMALL_SEGMENTS: &[(&str, &str)] = &[("segment.bytes", "1048576")];

/// What runs against a topic.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Idempotent producers, each with one partition and five batches in flight.
    pub idempotent: u16,
    /// Producers without ids, with one batch in flight; every second one asks for acks=1.
    pub plain: u16,
    /// Consumers of all partitions.
    pub consumers: u16,
    /// Clients that ask for the deletion of records now and then, and of nothing else.
    pub deleters: u16,
    /// Records in a batch at most.
    pub records_max: u64,
    /// Bytes of a record's value, less than; those of small records differ by the word of 8.
    pub value_bytes_max: u64,
    /// How long a producer waits after an answer.
    pub pace: Duration,
}

impl Default for Shape {
    /// Four idempotent and four plain producers, two consumers; small records.
    fn default() -> Shape {
        Shape { idempotent: 4, plain: 4, consumers: 2, deleters: 0, records_max: 12, value_bytes_max: 288, pace: PACE }
    }
}

impl Shape {
    /// Two producers of each kind and a consumer; small records.
    pub const FEW: Shape =
        Shape { idempotent: 2, plain: 2, consumers: 1, deleters: 0, records_max: 12, value_bytes_max: 288, pace: PACE };

    /// For topics beside the one that most of the load is for: a client of each kind, a deleter among them.
    pub const WITH_DELETIONS: Shape = Shape {
        idempotent: 1,
        plain: 1,
        consumers: 1,
        deleters: 1,
        records_max: 4,
        value_bytes_max: 8 << 10,
        pace: Duration::from_millis(4),
    };
}

/// Threads at work.
pub struct Load {
    whereabouts: Whereabouts,
    threads: Vec<JoinHandle<u64>>,
}

impl Load {
    /// Begins the load of `shape` on a topic. The clients are numbered from `first_client` on.
    pub fn start(node: &Node, desk: &Desk, topic: &Topic, shape: Shape, first_client: u16, seed: u64) -> Load {
        let whereabouts = node.whereabouts();
        whereabouts.go_on();
        let mut threads = Vec::new();
        let clients = shape.idempotent + shape.plain + shape.consumers + shape.deleters;
        for nth in 0..clients {
            let (topic, whereabouts, pen) = (topic.clone(), whereabouts.clone(), desk.pen(first_client + nth));
            let seed = seed ^ u64::from(first_client + nth);
            threads.push(thread::spawn(move || {
                if nth < shape.idempotent {
                    idempotent::run(&whereabouts, pen, &topic, nth % topic.partitions, shape, seed)
                } else if nth < shape.idempotent + shape.plain {
                    plain::run(&whereabouts, pen, &topic, shape, seed)
                } else if nth >= clients - shape.deleters {
                    deleter::run(&whereabouts, pen, &topic, seed)
                } else {
                    consumer::run(&whereabouts, pen, &topic, seed)
                }
            }));
        }
        Load { whereabouts, threads }
    }

    /// Ends it. How many idempotent producers had to begin anew because the broker did not know their sequences.
    pub fn stop(self) -> u64 {
        self.whereabouts.stop();
        self.threads.into_iter().map(|thread| thread.join().expect("a client failed")).sum()
    }
}

/// How long a client waits between its answers: the broker's time goes to being killed, not to being filled.
const PACE: Duration = Duration::from_millis(3);

/// Error code and base offset of the one partition of a produce answer.
fn produced(response: &ProduceResponse) -> (i16, i64) {
    let partition = response.responses.first().and_then(|topic| topic.partition_responses.first());
    partition.map_or((-1, -1), |partition| (partition.error_code, partition.base_offset))
}

/// Whether a write that was answered so may be there all the same.
fn is_ambiguous(error: i16) -> bool {
    const UNKNOWN_SERVER_ERROR: i16 = -1;
    const REQUEST_TIMED_OUT: i16 = 7;
    const NOT_ENOUGH_REPLICAS_AFTER_APPEND: i16 = 20;
    const KAFKA_STORAGE_ERROR: i16 = 56;
    [UNKNOWN_SERVER_ERROR, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND, KAFKA_STORAGE_ERROR].contains(&error)
}
