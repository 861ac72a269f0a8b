//! The final read: every partition from its start to its end, when nobody writes any more.

use std::io;

use verdict::{Entry, Event, Kind, Phase};

use super::{Topic, records};
use crate::batch;
use crate::calls::{FETCH, fetch_request};
use crate::pen::Pen;
use crate::wire::Wire;

/// What a final read met besides records.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Offsets at which the broker said CORRUPT_MESSAGE.
    pub told: u64,
    /// Batches whose checksum failed here.
    pub seen: u64,
}

/// Reads a topic into the ledger. An error is a broker that does not answer, or answers with an error that is not damage.
pub fn read_all(wire: &mut Wire, pen: &mut Pen, topic: &Topic, incarnation: u16) -> io::Result<Damage> {
    let mut damage = Damage::default();
    for partition in 0..topic.partitions {
        let listed = |wire: &mut Wire, asked| match wire.list_offsets(&topic.name, i32::from(partition), asked)? {
            (0, offset, _) => Ok(offset),
            (error, ..) => Err(io::Error::other(format!("ListOffsets of {}-{partition}: error {error}", topic.name))),
        };
        let (mut offset, end) = (listed(wire, -2)?, listed(wire, -1)?);
        loop {
            let asked = offset;
            let entries = fetch(wire, topic, partition, &mut offset, end, &mut damage)?;
            let event = pen.event(Kind::FinalRead, Phase::Ok, topic.partition(partition), incarnation);
            let count = entries.len() as u32;
            pen.write(Event { offset: asked, aux: end, count, ..event }, &entries);
            if offset >= end || entries.is_empty() {
                break;
            }
        }
    }
    Ok(damage)
}

/// The records from `offset` on, which is moved behind them. None only when there are no more.
fn fetch(
    wire: &mut Wire,
    topic: &Topic,
    partition: u16,
    offset: &mut i64,
    end: i64,
    damage: &mut Damage,
) -> io::Result<Vec<Entry>> {
    const CORRUPT_MESSAGE: i16 = 2;
    const KAFKA_STORAGE_ERROR: i16 = 56;
    while *offset < end {
        let response = wire.call(FETCH, &fetch_request(&topic.name, i32::from(partition), *offset, 1 << 20))?;
        let data = response.responses.first().and_then(|topic| topic.partitions.first());
        let data = data.ok_or_else(|| io::Error::other("no answer for the partition"))?;
        let from = *offset;
        match data.error_code {
            0 => {}
            CORRUPT_MESSAGE | KAFKA_STORAGE_ERROR => {
                (*offset, damage.told) = (from + 1, damage.told + 1);
                continue;
            }
            error => return Err(io::Error::other(format!("{}-{partition} at {from}: error {error}", topic.name))),
        }
        let mut entries = Vec::new();
        let batches = records::split(data.records.as_deref().unwrap_or_default());
        if batches.is_empty() {
            break;
        }
        for batch in batches {
            match records::read(topic, batch) {
                Some(read) => entries.extend(read.into_iter().filter(|entry| entry.offset >= from)),
                // Its header cannot be believed either: the next record is asked for.
                None => {
                    (*offset, damage.seen) = (*offset + 1, damage.seen + 1);
                    break;
                }
            }
            *offset = batch::next_offset(batch).max(*offset + 1).min(end);
        }
        if !entries.is_empty() {
            return Ok(entries);
        }
    }
    Ok(Vec::new())
}
