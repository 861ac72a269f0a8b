//! An idempotent producer that can be looked into: what it sent, what was acknowledged, what it has to send again.

use std::collections::VecDeque;

use kafka_protocol::messages::ProduceRequest;

use super::Random;
use crate::batch::{self, Identity, Record};
use crate::calls::{PRODUCE, base_offset, produce_request};
use crate::raw::{Connection, framed};

/// As many batches of one partition may wait for their answers; the broker remembers as many. KIP-98.
const MAX_IN_FLIGHT: usize = 5;
const MAX_RECORDS: u64 = 20;

/// The producer. Record n of a partition has sequence n and must get offset n.
pub struct Load {
    topic: String,
    identity: Identity,
    partitions: Vec<Partition>,
    /// The partitions whose answers are awaited on the connection, in the order of the requests.
    awaited: VecDeque<usize>,
}

#[derive(Default)]
struct Partition {
    next: usize,
    unacknowledged: VecDeque<Sent>,
    last_acknowledged: Option<Sent>,
}

#[derive(Clone)]
struct Sent {
    first: usize,
    batch: Vec<u8>,
}

impl Load {
    /// A producer that has sent nothing yet.
    pub fn new(topic: &str, partitions: usize, identity: Identity) -> Load {
        let partitions = (0..partitions).map(|_| Partition::default()).collect();
        Load { topic: topic.to_owned(), identity, partitions, awaited: VecDeque::new() }
    }

    /// The producer id.
    pub fn producer_id(&self) -> i64 {
        self.identity.producer_id
    }

    /// How many records of a partition were ever sent.
    pub fn sent(&self, partition: usize) -> usize {
        self.partitions[partition].next
    }

    /// Record `n` of a partition.
    pub fn record(partition: usize, n: usize) -> Record {
        Record { key: Some(partition.to_be_bytes().to_vec()), ..Record::of(format!("{n}").repeat(1 + n % 50)) }
    }

    /// Sends again, on a new connection, what was not acknowledged on an old one.
    pub fn resume(&mut self, connection: &mut Connection) {
        self.awaited.clear();
        for partition in 0..self.partitions.len() {
            for at in 0..self.partitions[partition].unacknowledged.len() {
                let batch = self.partitions[partition].unacknowledged[at].batch.clone();
                assert!(self.send(connection, partition, batch), "the broker closed the connection");
            }
        }
    }

    /// Fills the pipeline in a random order, then takes one answer. False when the broker is gone.
    pub fn step(&mut self, connection: &mut Connection, random: &mut Random) -> bool {
        let start = random.below(self.partitions.len() as u64) as usize;
        for nth in 0..self.partitions.len() {
            let partition = (start + nth) % self.partitions.len();
            while self.partitions[partition].unacknowledged.len() < MAX_IN_FLIGHT {
                let batch = self.make_batch(partition, 1 + random.below(MAX_RECORDS) as usize);
                if !self.send(connection, partition, batch) {
                    return false;
                }
            }
        }
        self.take_answer(connection)
    }

    /// Takes the answers that were on their way when the broker died.
    pub fn take_what_arrived(&mut self, connection: &mut Connection) {
        while self.take_answer(connection) {}
    }

    /// Waits until everything is acknowledged.
    pub fn drain(&mut self, connection: &mut Connection) {
        while !self.awaited.is_empty() {
            assert!(self.take_answer(connection), "the broker closed the connection");
        }
    }

    /// Sends the last batch of each partition once more; the answer must be its old offset.
    pub fn repeat_last(&mut self, connection: &mut Connection) {
        for (index, partition) in self.partitions.iter().enumerate() {
            let last = partition.last_acknowledged.clone().expect("something was acknowledged");
            assert_eq!(connection.produce(&self.topic, index as i32, last.batch), Ok(last.first as i64));
        }
    }

    fn make_batch(&mut self, index: usize, count: usize) -> Vec<u8> {
        let partition = &mut self.partitions[index];
        let first = partition.next;
        partition.next += count;
        let records: Vec<_> = (first..first + count).map(|n| Load::record(index, n)).collect();
        let batch = batch::encode(Identity { sequence: first as i32, ..self.identity }, &records);
        partition.unacknowledged.push_back(Sent { first, batch: batch.clone() });
        batch
    }

    /// False when the broker is gone.
    fn send(&mut self, connection: &mut Connection, partition: usize, batch: Vec<u8>) -> bool {
        let request = produce_request(&self.topic, partition as i32, batch);
        self.awaited.push_back(partition);
        connection.send(&framed(PRODUCE, partition as i32, &request)).is_ok()
    }

    /// False when nothing is awaited or the connection ended instead.
    fn take_answer(&mut self, connection: &mut Connection) -> bool {
        let Some(&index) = self.awaited.front() else { return false };
        let Some((partition, response)) = connection.answer::<ProduceRequest>(PRODUCE) else { return false };
        assert_eq!(partition, index as i32, "answers come in the order of the requests");
        self.awaited.pop_front();
        let sent = self.partitions[index].unacknowledged.pop_front().expect("answers are awaited");
        assert_eq!(base_offset(&response), Ok(sent.first as i64), "partition {index}");
        self.partitions[index].last_acknowledged = Some(sent);
        true
    }
}
