//! Producers without ids: one batch in flight, nothing is ever sent again.

use std::io;
use std::time::Duration;

use verdict::event::value_of;
use verdict::{Kind, Phase, flags};

use super::{Shape, Topic, is_ambiguous, produced, records};
use crate::batch::Identity;
use crate::calls::{PRODUCE, produce_request};
use crate::campaign::Random;
use crate::node::Whereabouts;
use crate::pen::Pen;
use crate::wire::Wire;

/// Produces until the load ends. Returns 0: it never begins anew.
pub fn run(whereabouts: &Whereabouts, mut pen: Pen, topic: &Topic, shape: Shape, seed: u64) -> u64 {
    let mut random = Random(seed);
    let mut next = 0;
    while let Some((address, incarnation)) = whereabouts.find() {
        let Ok(mut wire) = Wire::to(&address) else {
            whereabouts.pause(Duration::from_millis(5));
            continue;
        };
        while !whereabouts.is_stopped() {
            let count = 1 + random.below(shape.records_max);
            let partition = random.below(u64::from(topic.partitions)) as u16;
            let batch = Plain { topic, partition, shape, first: next, count, incarnation };
            next += count;
            match batch.send(&mut pen, &mut wire) {
                Ok(0) => whereabouts.pause(shape.pace),
                Ok(_) => whereabouts.pause(Duration::from_millis(20)),
                Err(_) => break,
            }
        }
    }
    0
}

struct Plain<'a> {
    topic: &'a Topic,
    partition: u16,
    shape: Shape,
    first: u64,
    count: u64,
    incarnation: u16,
}

impl Plain<'_> {
    /// Kafka's error code; an error when nobody knows.
    fn send(&self, pen: &mut Pen, wire: &mut Wire) -> io::Result<i16> {
        let acks_all = pen.client().is_multiple_of(2);
        let values = value_of(pen.client(), self.first)..value_of(pen.client(), self.first + self.count);
        let (batch, entries) = records::make(self.topic, self.partition, values, self.shape, Identity::NONE);
        let mut event = pen.event(Kind::Send, Phase::Invoke, self.topic.partition(self.partition), self.incarnation);
        (event.value, event.count) = (entries[0].value, entries.len() as u32);
        event.flags = if acks_all { flags::ACKS_ALL } else { 0 };
        pen.write(event, &entries);
        let request = produce_request(&self.topic.name, i32::from(self.partition), batch);
        let answer = wire.call(PRODUCE, &request.with_acks(if acks_all { -1 } else { 1 }));
        event.phase = Phase::Info;
        if let Ok(response) = &answer {
            (event.error, event.offset) = produced(response);
            event.phase = match event.error {
                0 => Phase::Ok,
                error if is_ambiguous(error) => Phase::Info,
                _ => Phase::Fail,
            };
        }
        pen.write(event, &[]);
        answer.map(|_| event.error)
    }
}
