//! Histories made by hand: a pen per client and one clock.

use std::collections::BTreeMap;

use verdict::event::value_of;
use verdict::{Entry, Event, Kind, Ledger, Options, Phase, Verdict, flags, judge};

/// The partition that most histories use.
pub const P: u32 = 0;
/// Another one.
pub const Q: u32 = 1;

/// A history in the making. Each call takes a microsecond of its clock.
#[derive(Default)]
pub struct History {
    ledgers: BTreeMap<u16, Vec<(Event, Vec<Entry>)>>,
    now_ns: u64,
    operations: u32,
    /// The broker that clients speak to.
    pub incarnation: u16,
}

/// The record of a value as its client sent it; its timestamp is its counter.
pub fn entry(offset: i64, value: u64) -> Entry {
    let mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Entry { offset, value, timestamp: (value & 0xffff) as i64, checksum: mixed as u32, identity: (mixed >> 32) as u32 }
}

/// Record `counter` of a client.
pub fn v(client: u16, counter: u64) -> u64 {
    value_of(client, counter)
}

/// These values one after the other.
pub fn run(first_offset: i64, values: &[u64]) -> Vec<Entry> {
    values.iter().enumerate().map(|(nth, value)| entry(first_offset + nth as i64, *value)).collect()
}

impl History {
    /// Writes down an event of a client with the next time; an invocation begins its next operation.
    pub fn event(&mut self, client: u16, mut event: Event, entries: Vec<Entry>) {
        self.now_ns += 1_000;
        if event.phase == Phase::Invoke {
            self.operations += 1;
        }
        (event.time_ns, event.client, event.operation) = (self.now_ns, client, self.operations);
        (event.incarnation, event.count) = (self.incarnation, event.count.max(entries.len() as u32));
        self.ledgers.entry(client).or_default().push((event, entries));
    }

    /// Lets time pass.
    pub fn wait(&mut self, ns: u64) {
        self.now_ns += ns;
    }

    /// Begins to send records `first..first+count` of a client; `pid` is -1 for a plain producer.
    pub fn sending(&mut self, client: u16, partition: u32, pid: i64, first: u64, count: u64) {
        let values: Vec<u64> = (first..first + count).map(|counter| v(client, counter)).collect();
        let mut event = Event::new(Kind::Send, Phase::Invoke);
        (event.partition, event.value, event.aux, event.flags) = (partition, values[0], pid, flags::ACKS_ALL);
        (event.sequence, event.producer_epoch) = (first as i32, 0);
        self.event(client, event, run(0, &values));
    }

    /// The end of a send.
    pub fn sent(&mut self, client: u16, partition: u32, phase: Phase, first: u64, offset: i64) {
        let mut event = Event::new(Kind::Send, phase);
        (event.partition, event.value, event.offset) = (partition, v(client, first), offset);
        self.event(client, event, Vec::new());
    }

    /// A send that is acknowledged at `offset`.
    pub fn send(&mut self, client: u16, partition: u32, first: u64, count: u64, offset: i64) {
        self.sending(client, partition, -1, first, count);
        self.sent(client, partition, Phase::Ok, first, offset);
    }

    /// Asks for something.
    pub fn ask(&mut self, client: u16, kind: Kind, partition: u32, offset: i64, aux: i64) {
        let mut event = Event::new(kind, Phase::Invoke);
        (event.partition, event.offset, event.aux) = (partition, offset, aux);
        self.event(client, event, Vec::new());
    }

    /// Hears the answer.
    pub fn hear(&mut self, client: u16, kind: Kind, partition: u32, offset: i64, aux: i64, entries: Vec<Entry>) {
        let mut event = Event::new(kind, Phase::Ok);
        (event.partition, event.offset, event.aux) = (partition, offset, aux);
        self.event(client, event, entries);
    }

    /// A poll from `offset` that was told no high watermark.
    pub fn poll(&mut self, client: u16, partition: u32, offset: i64, entries: Vec<Entry>) {
        self.ask(client, Kind::Poll, partition, offset, -1);
        self.hear(client, Kind::Poll, partition, offset, -1, entries);
    }

    /// A look-up that finds a record.
    pub fn lookup(&mut self, client: u16, partition: u32, asked: i64, offset: i64, timestamp: u64) {
        self.ask(client, Kind::ListOffsets, partition, -1, asked);
        let mut event = Event::new(Kind::ListOffsets, Phase::Ok);
        (event.partition, event.offset, event.aux, event.value) = (partition, offset, asked, timestamp);
        self.event(client, event, Vec::new());
    }

    /// DeleteRecords before `offset`, answered.
    pub fn delete(&mut self, client: u16, partition: u32, offset: i64) {
        self.ask(client, Kind::DeleteRecords, partition, offset, -1);
        self.hear(client, Kind::DeleteRecords, partition, offset, -1, Vec::new());
    }

    /// The final read of a partition that starts at `start`.
    pub fn last(&mut self, partition: u32, start: i64, values: &[u64]) {
        let end = start + values.len() as i64;
        self.hear(999, Kind::FinalRead, partition, start, end, run(start, values));
    }

    /// A fault ends the broker; the next one comes.
    pub fn crash(&mut self, kind: Kind) {
        self.hear(1000, kind, 0, -1, -1, Vec::new());
        self.incarnation += 1;
        self.hear(1000, Kind::Start, 0, -1, 0, Vec::new());
    }

    /// One ledger per client.
    pub fn ledgers(&self) -> Vec<Ledger> {
        self.ledgers.values().map(|events| Ledger::of(events)).collect()
    }

    /// What [`judge`] says of it.
    pub fn judge(&self, options: &Options) -> Verdict {
        judge(&self.ledgers(), options).unwrap()
    }
}
