//! A consumer of all partitions: reads on from where it was, and now and then asks for offsets.

use std::io;
use std::time::Duration;

use verdict::{Event, Kind, Phase, flags};

use super::{PACE, Topic, records};
use crate::batch;
use crate::calls::{FETCH, fetch_request};
use crate::campaign::Random;
use crate::node::Whereabouts;
use crate::pen::Pen;
use crate::wire::Wire;

const OFFSET_OUT_OF_RANGE: i16 = 1;
const CORRUPT_MESSAGE: i16 = 2;
const FETCH_BYTES: i32 = 1 << 18;
/// One in so many turns asks for offsets.
const TURNS_PER_LISTING: u64 = 16;

/// Reads until the load ends. Returns 0, as producers do that never begin anew.
pub fn run(whereabouts: &Whereabouts, pen: Pen, topic: &Topic, seed: u64) -> u64 {
    let positions = vec![(0, false); usize::from(topic.partitions)];
    let mut consumer = Consumer { pen, topic, positions, random: Random(seed), last_timestamp: 0 };
    while let Some((address, incarnation)) = whereabouts.find() {
        let ended = Wire::to(&address).and_then(|mut wire| {
            while !whereabouts.is_stopped() {
                consumer.turn(&mut wire, incarnation)?;
                whereabouts.pause(PACE);
            }
            Ok(())
        });
        if ended.is_err() {
            whereabouts.pause(Duration::from_millis(5));
        }
    }
    0
}

struct Consumer<'a> {
    pen: Pen,
    topic: &'a Topic,
    /// What is read next, and whether that was chosen anew.
    positions: Vec<(i64, bool)>,
    random: Random,
    last_timestamp: i64,
}

impl Consumer<'_> {
    fn turn(&mut self, wire: &mut Wire, incarnation: u16) -> io::Result<()> {
        for partition in 0..self.topic.partitions {
            self.poll(wire, partition, incarnation)?;
        }
        if self.random.below(TURNS_PER_LISTING) == 0 {
            let partition = self.random.below(u64::from(self.topic.partitions)) as u16;
            let asked = [-1, -2, -3, self.last_timestamp - self.random.below(50) as i64];
            for asked in asked.into_iter().filter(|asked| *asked >= -3) {
                self.list(wire, partition, asked, incarnation)?;
            }
        }
        Ok(())
    }

    fn poll(&mut self, wire: &mut Wire, partition: u16, incarnation: u16) -> io::Result<()> {
        let (offset, is_reset) = self.positions[usize::from(partition)];
        let mut event = self.pen.event(Kind::Poll, Phase::Invoke, self.topic.partition(partition), incarnation);
        (event.offset, event.flags) = (offset, if is_reset { flags::RESET } else { 0 });
        self.pen.write(event, &[]);
        let request = fetch_request(&self.topic.name, i32::from(partition), offset, FETCH_BYTES);
        let answer = wire.call(FETCH, &request.with_max_wait_ms(5).with_min_bytes(1));
        let answer = answer.inspect_err(|_| self.pen.write(Event { phase: Phase::Info, ..event }, &[]))?;
        let Some(data) = answer.responses.first().and_then(|topic| topic.partitions.first()) else {
            return Err(io::Error::other("no answer for the partition"));
        };
        if data.error_code != 0 {
            self.pen.write(Event { phase: Phase::Fail, error: data.error_code, ..event }, &[]);
            return self.recover(wire, partition, data.error_code);
        }
        let (mut entries, mut damaged) = (Vec::new(), None);
        for batch in records::split(data.records.as_deref().unwrap_or_default()) {
            match records::read(self.topic, batch) {
                Some(read) => entries.extend(read.into_iter().filter(|entry| entry.offset >= offset)),
                None => damaged = Some((batch::base_offset(batch), batch::next_offset(batch))),
            }
            if damaged.is_some() {
                break;
            }
        }
        let next = entries.last().map_or(offset, |entry| entry.offset + 1);
        self.last_timestamp = entries.last().map_or(self.last_timestamp, |entry| entry.timestamp);
        let count = entries.len() as u32;
        self.pen.write(Event { phase: Phase::Ok, aux: data.high_watermark, count, ..event }, &entries);
        self.positions[usize::from(partition)] = (next, false);
        if let Some((offset, next)) = damaged {
            let flags = event.flags | flags::BAD_CHECKSUM;
            self.pen.write(Event { phase: Phase::Fail, error: CORRUPT_MESSAGE, offset, flags, ..event }, &[]);
            self.positions[usize::from(partition)] = (next, true);
        }
        Ok(())
    }

    /// A consumer whose position is gone goes to the end; one that meets damage goes past the record.
    fn recover(&mut self, wire: &mut Wire, partition: u16, error: i16) -> io::Result<()> {
        let position = &mut self.positions[usize::from(partition)];
        match error {
            OFFSET_OUT_OF_RANGE => {
                let (error, start, _) = wire.list_offsets(&self.topic.name, i32::from(partition), -2)?;
                let (_, end, _) = wire.list_offsets(&self.topic.name, i32::from(partition), -1)?;
                if error == 0 {
                    *position = (position.0.clamp(start, end.max(start)), true);
                }
                Ok(())
            }
            CORRUPT_MESSAGE => {
                *position = (position.0 + 1, true);
                Ok(())
            }
            error => Err(io::Error::other(format!("error {error}"))),
        }
    }

    fn list(&mut self, wire: &mut Wire, partition: u16, asked: i64, incarnation: u16) -> io::Result<()> {
        let mut event = self.pen.event(Kind::ListOffsets, Phase::Invoke, self.topic.partition(partition), incarnation);
        event.aux = asked;
        self.pen.write(event, &[]);
        let answer = wire.list_offsets(&self.topic.name, i32::from(partition), asked);
        event.phase = Phase::Info;
        if let Ok((error, offset, timestamp)) = answer {
            (event.error, event.offset, event.value) = (error, offset, timestamp as u64);
            event.phase = if error == 0 { Phase::Ok } else { Phase::Fail };
        }
        self.pen.write(event, &[]);
        answer.map(|_| ())
    }
}
