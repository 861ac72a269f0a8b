//! An idempotent producer of one partition: five batches in flight, sent again on every new connection until acknowledged.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest, ProducerId};
use verdict::event::value_of;
use verdict::{Event, Kind, Phase, flags};

use super::{Shape, Topic, produced, records};
use crate::batch::Identity;
use crate::calls::{PRODUCE, produce_request};
use crate::campaign::Random;
use crate::node::Whereabouts;
use crate::pen::Pen;
use crate::wire::Wire;

/// As many batches may wait for their answers; the broker remembers as many. KIP-98.
const MAX_IN_FLIGHT: usize = 5;

const OUT_OF_ORDER_SEQUENCE_NUMBER: i16 = 45;
const DUPLICATE_SEQUENCE_NUMBER: i16 = 46;
const INVALID_PRODUCER_EPOCH: i16 = 47;
const UNKNOWN_PRODUCER_ID: i16 = 59;

/// Produces until the load ends. How often it had to begin anew with another producer id.
pub fn run(whereabouts: &Whereabouts, pen: Pen, topic: &Topic, partition: u16, shape: Shape, seed: u64) -> u64 {
    let waiting = VecDeque::new();
    let mut producer =
        Producer { pen, topic, partition, shape, random: Random(seed), identity: None, waiting, next: 0, anew: 0 };
    while let Some((address, incarnation)) = whereabouts.find() {
        let ended = Wire::to(&address).and_then(|mut wire| producer.serve(whereabouts, &mut wire, incarnation));
        if ended.is_err() {
            whereabouts.pause(Duration::from_millis(5));
        }
    }
    producer.give_up();
    producer.anew
}

struct Producer<'a> {
    pen: Pen,
    topic: &'a Topic,
    partition: u16,
    shape: Shape,
    random: Random,
    /// With the sequence of the next batch.
    identity: Option<Identity>,
    /// Batches without an answer, with their invocations.
    waiting: VecDeque<(Event, Vec<u8>)>,
    next: u64,
    anew: u64,
}

impl Producer<'_> {
    /// Sends and hears until the load ends or something does not go well; then a new connection is asked for.
    fn serve(&mut self, whereabouts: &Whereabouts, wire: &mut Wire, incarnation: u16) -> io::Result<()> {
        if self.identity.is_none() {
            self.identity = Some(init(wire)?);
        }
        for (_, batch) in &self.waiting {
            wire.send(PRODUCE, &produce_request(&self.topic.name, i32::from(self.partition), batch.clone()))?;
        }
        while !whereabouts.is_stopped() {
            while self.waiting.len() < MAX_IN_FLIGHT {
                self.send(wire, incarnation)?;
            }
            self.hear(wire, incarnation)?;
            whereabouts.pause(self.shape.pace);
        }
        while !self.waiting.is_empty() {
            self.hear(wire, incarnation)?;
        }
        Ok(())
    }

    fn send(&mut self, wire: &mut Wire, incarnation: u16) -> io::Result<()> {
        let identity = self.identity.as_mut().expect("serve asked for it");
        let count = 1 + self.random.below(self.shape.records_max);
        let values = value_of(self.pen.client(), self.next)..value_of(self.pen.client(), self.next + count);
        let (batch, entries) = records::make(self.topic, self.partition, values, self.shape, *identity);
        let mut event = self.pen.event(Kind::Send, Phase::Invoke, self.topic.partition(self.partition), incarnation);
        (event.value, event.count, event.flags) = (entries[0].value, entries.len() as u32, flags::ACKS_ALL);
        (event.aux, event.producer_epoch, event.sequence) = (identity.producer_id, identity.epoch, identity.sequence);
        self.next += count;
        identity.sequence += count as i32;
        self.pen.write(event, &entries);
        self.waiting.push_back((event, batch.clone()));
        wire.send(PRODUCE, &produce_request(&self.topic.name, i32::from(self.partition), batch))
    }

    fn hear(&mut self, wire: &mut Wire, incarnation: u16) -> io::Result<()> {
        let (error, offset) = produced(&wire.receive::<ProduceRequest>(PRODUCE)?);
        match error {
            0 | DUPLICATE_SEQUENCE_NUMBER => {
                let (event, _) = self.waiting.pop_front().ok_or_else(|| io::Error::other("an answer too many"))?;
                let offset = if error == 0 { offset } else { -1 };
                self.pen.write(Event { phase: Phase::Ok, offset, error, incarnation, ..event }, &[]);
                Ok(())
            }
            OUT_OF_ORDER_SEQUENCE_NUMBER | INVALID_PRODUCER_EPOCH | UNKNOWN_PRODUCER_ID => {
                self.give_up();
                (self.identity, self.anew) = (None, self.anew + 1);
                Err(io::Error::other("another producer id is needed"))
            }
            // Retriable or not: the batch is sent again, in its place.
            error => Err(io::Error::other(format!("error {error}"))),
        }
    }

    /// Nothing that waits is ever sent again.
    fn give_up(&mut self) {
        for (event, _) in self.waiting.drain(..) {
            self.pen.write(Event { phase: Phase::Info, ..event }, &[]);
        }
    }
}

fn init(wire: &mut Wire) -> io::Result<Identity> {
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1);
    let response = wire.call(4, &request)?;
    match response.error_code {
        0 => Ok(Identity { producer_id: *response.producer_id, epoch: response.producer_epoch, sequence: 0 }),
        error => Err(io::Error::other(format!("error {error}"))),
    }
}
