//! What one pass over the ledgers makes known about each record sent.

use std::collections::HashMap;

use crate::event::{Event, Phase, client_of, counter_of, flags, value_of};
use crate::{Class, Entry, Violation};

/// A counter further than this beyond the last one is no counter.
const COUNTER_JUMP_MAX: u64 = 1 << 20;

/// A batch that was sent.
pub struct Batch {
    pub partition: u32,
    pub first_value: u64,
    pub count: u32,
    pub producer: (i64, i16),
    pub sequence: i32,
    pub invoked_ns: u64,
    /// When its outcome was known, `u64::MAX` as long as it isn't.
    pub done_ns: u64,
    pub outcome: Phase,
    /// Its base offset as acknowledged, else -1.
    pub offset: i64,
    pub incarnation: u16,
    pub acks_all: bool,
}

/// A record that was sent. Its place in the batch is its value's distance from the first one's.
pub struct Sent {
    pub batch: u32,
    pub checksum: u32,
    pub identity: u32,
    pub timestamp: i64,
    /// Where it was first known to be, else -1.
    pub offset: i64,
}

/// All that was sent, by value.
#[derive(Default)]
pub struct Sends {
    pub batches: Vec<Batch>,
    clients: HashMap<u16, Vec<Option<Sent>>>,
    /// Further places of a record, each with the first.
    pub elsewhere: HashMap<u64, Vec<i64>>,
}

impl Sends {
    pub fn find(&self, value: u64) -> Option<&Sent> {
        self.clients.get(&client_of(value))?.get(usize::try_from(counter_of(value)).ok()?)?.as_ref()
    }

    pub fn batch_of(&self, sent: &Sent) -> &Batch {
        &self.batches[sent.batch as usize]
    }

    pub fn records(&self) -> usize {
        self.batches.iter().map(|batch| batch.count as usize).sum()
    }

    /// Notes the invocation of a send, or of a resend, which must be of the same records.
    pub fn invoke(&mut self, event: &Event, entries: &[Entry]) -> Result<(), Violation> {
        let batch = u32::try_from(self.batches.len()).expect("fewer than 2^32 batches");
        let records = self.clients.entry(client_of(event.value)).or_default();
        for entry in entries {
            let at = counter_of(entry.value);
            if at > records.len() as u64 + COUNTER_JUMP_MAX {
                return Err(bad_ledger(event, "a counter that jumps"));
            }
            let at = at as usize;
            if records.len() <= at {
                records.resize_with(at + 1, || None);
            }
            if records[at].is_some() {
                return Err(bad_ledger(event, "a value is sent by two operations"));
            }
            let Entry { checksum, identity, timestamp, .. } = *entry;
            records[at] = Some(Sent { batch, checksum, identity, timestamp, offset: -1 });
        }
        self.batches.push(Batch {
            partition: event.partition,
            first_value: event.value,
            count: event.count,
            producer: (event.aux, event.producer_epoch),
            sequence: event.sequence,
            invoked_ns: event.time_ns,
            done_ns: u64::MAX,
            outcome: Phase::Info,
            offset: -1,
            incarnation: event.incarnation,
            acks_all: event.has(flags::ACKS_ALL),
        });
        Ok(())
    }

    /// Notes what became of a send. A second acknowledgement must be of the same place.
    pub fn complete(&mut self, event: &Event) -> Result<(), Violation> {
        let Some(index) = self.find(event.value).map(|sent| sent.batch as usize) else {
            return Err(bad_ledger(event, "an answer without its send"));
        };
        let batch = &mut self.batches[index];
        let twice = batch.outcome == Phase::Ok && batch.offset >= 0 && event.phase == Phase::Ok && event.offset >= 0;
        if twice && batch.offset != event.offset {
            let what = format!("acknowledged at {} and at {}", batch.offset, event.offset);
            return Err(Violation::new(Class::Duplicate, event.partition, event.offset, event.value, what));
        }
        if batch.outcome != Phase::Ok {
            (batch.outcome, batch.done_ns) = (event.phase, event.time_ns);
            (batch.offset, batch.incarnation) = (event.offset, event.incarnation);
        }
        Ok(())
    }

    /// Notes that a record that was sent lies at `offset`.
    pub fn place(&mut self, value: u64, offset: i64) {
        let record = self.clients.get_mut(&client_of(value)).and_then(|all| all.get_mut(counter_of(value) as usize));
        let Some(Some(sent)) = record else { return };
        if sent.offset < 0 {
            sent.offset = offset;
        } else if sent.offset != offset {
            let first = sent.offset;
            let places = self.elsewhere.entry(value).or_insert_with(|| vec![first]);
            if !places.contains(&offset) {
                places.push(offset);
            }
        }
    }

    /// The values of a batch in order.
    pub fn values(batch: &Batch) -> impl Iterator<Item = u64> {
        let (client, first) = (client_of(batch.first_value), counter_of(batch.first_value));
        (0..u64::from(batch.count)).map(move |nth| value_of(client, first + nth))
    }
}

fn bad_ledger(event: &Event, what: &str) -> Violation {
    Violation::new(Class::BadLedger, event.partition, event.offset, event.value, what.to_owned())
}
