//! Reading the ledgers: first what was done to the log, then what was seen of it.

use std::collections::HashMap;
use std::io;

use crate::event::{Entry, Event, Kind, Phase, flags};
use crate::facts::Sends;
use crate::judge::Counts;
use crate::log::{ACKED, Era, FINAL, Log, Lookup, SEEN, Told};
use crate::{Class, Durability, Ledger, Options, Violation};

/// Kafka's OFFSET_OUT_OF_RANGE.
const OFFSET_OUT_OF_RANGE: i16 = 1;
/// Violations kept: more of them tell nothing new.
const FOUND_MAX: usize = 10_000;

/// All that is known, and what was found wrong so far.
#[derive(Default)]
pub struct History {
    pub sends: Sends,
    pub logs: HashMap<u32, Log>,
    pub found: Vec<Violation>,
    pub counts: Counts,
    pub progress: HashMap<u16, Progress>,
    /// When the last fault ended or the last broker was started, ns.
    pub healed_ns: u64,
    /// Incarnations that lossy power cuts ended, in order.
    cuts: Vec<u16>,
    /// When power cuts began, by incarnation, ns.
    dark_from: HashMap<u16, u64>,
}

/// What a client got done after the last fault.
#[derive(Default)]
pub struct Progress {
    pub tried: bool,
    pub first_ok_ns: Option<u64>,
    pub last_ns: u64,
}

/// Where one ledger's client stands while it is read.
#[derive(Default)]
struct Reading {
    /// The operation that began last, and when; clients have one at a time, but for sends.
    invoked: (u32, u64),
    /// The offset that a consumer must read next, by partition.
    next: HashMap<u32, i64>,
}

impl History {
    /// Reads all ledgers.
    pub fn read(ledgers: &[Ledger], options: &Options) -> io::Result<History> {
        let mut history = History::default();
        for ledger in ledgers {
            let (mut reader, mut reading) = (ledger.open()?, Reading::default());
            while let Some((event, entries)) = reader.next_event()? {
                history.note_deed(&event, entries, &mut reading, options);
            }
        }
        history.cuts.sort_unstable();
        history.note_acknowledged();
        history.note_deleted();
        for ledger in ledgers {
            let (mut reader, mut reading) = (ledger.open()?, Reading::default());
            while let Some((event, entries)) = reader.next_event()? {
                history.note_sight(&event, entries, &mut reading, options);
            }
        }
        Ok(history)
    }

    pub fn accuse(&mut self, class: Class, partition: u32, offset: i64, value: u64, what: String) {
        if self.found.len() < FOUND_MAX {
            self.found.push(Violation::new(class, partition, offset, value, what));
        }
    }

    /// The era in which a broker ran.
    pub fn era(&self, incarnation: u16) -> Era {
        self.cuts.iter().filter(|cut| **cut < incarnation).count() as Era
    }

    /// The era of the final reads.
    pub fn last_era(&self) -> Era {
        self.cuts.len() as Era
    }

    /// Whether the broker's machine had no power any more, or was about to lose it. A simulated cut takes a moment, in which
    /// syncs may succeed whose effects are lost; a machine without power tells nobody anything.
    fn is_dark(&self, incarnation: u16, time_ns: u64) -> bool {
        self.dark_from.get(&incarnation).is_some_and(|from| time_ns >= *from)
    }

    /// First pass: sends, deletions and faults.
    fn note_deed(&mut self, event: &Event, entries: &[Entry], reading: &mut Reading, options: &Options) {
        self.counts.events += 1;
        let noted = match (event.kind, event.phase) {
            (Kind::Send, Phase::Invoke) => self.sends.invoke(event, entries),
            (Kind::Send, _) => self.sends.complete(event),
            _ => Ok(()),
        };
        self.found.extend(noted.err());
        if event.phase == Phase::Invoke {
            reading.invoked = (event.operation, event.time_ns);
        }
        match event.kind {
            Kind::PowerCut if event.phase == Phase::Invoke => {
                _ = self.dark_from.insert(event.incarnation, event.time_ns)
            }
            Kind::PowerCut if event.phase == Phase::Ok => {
                self.counts.faults += 1;
                if options.durability == Durability::PageCache {
                    self.cuts.push(event.incarnation);
                }
            }
            Kind::Kill if event.phase == Phase::Ok => self.counts.faults += 1,
            Kind::Start | Kind::Fault if event.phase == Phase::Ok => self.healed_ns = self.healed_ns.max(event.time_ns),
            Kind::DeleteTopic => self.log(event).topic_deleted = true,
            Kind::DeleteRecords => self.note_deletion(event, reading),
            _ => {}
        }
    }

    fn note_deletion(&mut self, event: &Event, reading: &Reading) {
        // The cuts are not all known yet: the era is set when they are.
        let era = event.incarnation;
        let told = Told { invoked_ns: reading.invoked.1, heard_ns: event.time_ns, era, offset: event.offset };
        let log = self.log(event);
        let asked = if event.offset < 0 { i64::MAX } else { event.offset };
        match event.phase {
            Phase::Invoke => log.start_asked = log.start_asked.max(asked),
            Phase::Ok => log.deleted.push(told),
            Phase::Fail | Phase::Info => {}
        }
    }

    fn log(&mut self, event: &Event) -> &mut Log {
        self.logs.entry(event.partition).or_default()
    }

    fn note_acknowledged(&mut self) {
        self.counts.sent = self.sends.records() as u64;
        for index in 0..self.sends.batches.len() {
            let (incarnation, done_ns) = (self.sends.batches[index].incarnation, self.sends.batches[index].done_ns);
            if self.is_dark(incarnation, done_ns) {
                self.sends.batches[index].outcome = Phase::Info;
            }
            let batch = &self.sends.batches[index];
            if batch.outcome != Phase::Ok {
                continue;
            }
            self.counts.acked += u64::from(batch.count);
            let (offset, partition, era) = (batch.offset, batch.partition, self.era(batch.incarnation));
            let values: Vec<u64> = Sends::values(batch).collect();
            let log = self.logs.entry(partition).or_default();
            for (nth, value) in values.into_iter().enumerate().filter(|_| offset >= 0) {
                log.note(offset + nth as i64, value, era, ACKED);
                self.sends.place(value, offset + nth as i64);
            }
        }
    }

    /// Deletions that were answered by a machine that had power, each in its era.
    fn note_deleted(&mut self) {
        let mut logs = std::mem::take(&mut self.logs);
        for log in logs.values_mut() {
            log.deleted.retain(|told| !self.is_dark(told.era, told.heard_ns));
            log.deleted.iter_mut().for_each(|told| told.era = self.era(told.era));
        }
        self.logs = logs;
    }

    /// Second pass: what clients were told.
    fn note_sight(&mut self, event: &Event, entries: &[Entry], reading: &mut Reading, options: &Options) {
        self.note_progress(event);
        if event.phase == Phase::Invoke {
            reading.invoked = (event.operation, event.time_ns);
            return;
        }
        if self.is_dark(event.incarnation, event.time_ns) {
            if event.kind == Kind::Poll {
                reading.next.insert(event.partition, entries.last().map_or(event.offset, |entry| entry.offset + 1));
            }
            return;
        }
        let era = self.era(event.incarnation);
        let told = |offset| Told { invoked_ns: reading.invoked.1, heard_ns: event.time_ns, era, offset };
        match (event.kind, event.phase) {
            (Kind::Poll, Phase::Ok) => {
                if event.aux >= 0 {
                    let end = told(event.aux);
                    self.log(event).ends.push(end);
                }
                self.note_poll(event, entries, reading, options);
            }
            (Kind::Poll, Phase::Fail) => {
                let before = told(event.offset - 1);
                self.note_refused_poll(event, before, options);
            }
            (Kind::ListOffsets, Phase::Ok) => {
                let answer = told(event.offset);
                let log = self.log(event);
                match event.aux {
                    -1 => log.ends.push(answer),
                    -2 => log.starts.push(answer),
                    asked => log.lookups.push(Lookup { told: answer, asked, timestamp: event.value as i64 }),
                }
            }
            (Kind::Metadata, Phase::Ok) => {
                let epoch = told(i64::from(event.leader_epoch));
                self.log(event).epochs.push(epoch);
            }
            (Kind::FinalRead, Phase::Ok) => self.note_final(event, entries, options),
            _ => {}
        }
    }

    fn note_progress(&mut self, event: &Event) {
        if !matches!(event.kind, Kind::Send | Kind::Poll | Kind::ListOffsets) || event.time_ns <= self.healed_ns {
            return;
        }
        let progress = self.progress.entry(event.client).or_default();
        progress.tried |= event.phase == Phase::Invoke;
        progress.last_ns = progress.last_ns.max(event.time_ns);
        if event.phase == Phase::Ok && progress.first_ok_ns.is_none() {
            progress.first_ok_ns = Some(event.time_ns);
        }
    }

    fn note_refused_poll(&mut self, event: &Event, before: Told, options: &Options) {
        if event.has(flags::BAD_CHECKSUM) && !options.damage.is_in(event.partition) {
            let what = "a batch was served that fails its checksum".to_owned();
            self.accuse(Class::BadChecksum, event.partition, event.offset, 0, what);
        }
        let start_may_have_moved = options.retention || self.log(event).start_asked > event.offset;
        if event.error == OFFSET_OUT_OF_RANGE && !start_may_have_moved {
            self.log(event).end_bounds.push(before);
        }
    }

    fn note_poll(&mut self, event: &Event, entries: &[Entry], reading: &mut Reading, options: &Options) {
        let partition = event.partition;
        let mut expected = event.offset;
        if let Some(next) = reading.next.get(&partition).filter(|_| !event.has(flags::RESET))
            && *next != expected
        {
            let what = format!("the consumer asks for {expected} after it was given all before {next}");
            self.accuse(Class::BadLedger, partition, expected, 0, what);
        }
        for entry in entries {
            self.check_place(partition, entry, expected, options);
            expected = entry.offset + 1;
        }
        reading.next.insert(partition, expected);
        self.check_deleted(event, entries, reading.invoked.1);
        let era = self.era(event.incarnation);
        self.counts.read += entries.len() as u64;
        entries.iter().for_each(|entry| self.note_record(partition, entry, era, SEEN));
    }

    /// Nothing is served that was deleted before `asked_ns`. A cut that takes records may take a deletion, too.
    fn check_deleted(&mut self, event: &Event, entries: &[Entry], asked_ns: u64) {
        let era = if event.kind == Kind::FinalRead { self.last_era() } else { self.era(event.incarnation) };
        let deleted = self.log(event).deleted.iter().filter(|told| told.era == era && told.heard_ns < asked_ns);
        let start = deleted.map(|told| told.offset).max().unwrap_or(0);
        if let Some(entry) = entries.iter().find(|entry| entry.offset < start) {
            let what = format!("served after all before {start} had been deleted");
            self.accuse(Class::DeletedServed, event.partition, entry.offset, entry.value, what);
        }
    }

    fn check_place(&mut self, partition: u32, entry: &Entry, expected: i64, options: &Options) {
        let start = self.logs.entry(partition).or_default().start_asked;
        let explained = options.retention || options.damage.is_in(partition) || entry.offset <= start;
        if entry.offset < expected {
            let what = format!("given {} when {expected} came next", entry.offset);
            self.accuse(Class::PollNonmonotonic, partition, entry.offset, entry.value, what);
        } else if entry.offset > expected && !explained {
            let what = format!("given {} when {expected} came next", entry.offset);
            self.accuse(Class::PollSkip, partition, expected, 0, what);
        }
    }

    /// A record as it was read; only one that was sent like this counts as known.
    fn note_record(&mut self, partition: u32, entry: &Entry, era: Era, how: u8) {
        let Some(sent) = self.sends.find(entry.value) else {
            let what = format!("nobody sent {:#x}", entry.value);
            return self.accuse(Class::Phantom, partition, entry.offset, entry.value, what);
        };
        let batch = self.sends.batch_of(sent);
        let same = (sent.checksum, sent.identity, sent.timestamp) == (entry.checksum, entry.identity, entry.timestamp);
        let wrong = if batch.partition != partition {
            Some((Class::Misrouted, format!("sent to partition {}", batch.partition & 0xffff)))
        } else if !same {
            Some((Class::Corrupt, "other bytes than were sent".to_owned()))
        } else if batch.outcome == Phase::Fail {
            Some((Class::FailedWriteRead, "its send was refused".to_owned()))
        } else {
            None
        };
        if let Some((class, what)) = wrong {
            return self.accuse(class, partition, entry.offset, entry.value, what);
        }
        self.logs.entry(partition).or_default().note(entry.offset, entry.value, era, how);
        self.sends.place(entry.value, entry.offset);
    }

    fn note_final(&mut self, event: &Event, entries: &[Entry], options: &Options) {
        let partition = event.partition;
        let (start, mut end) = self.log(event).final_range.unwrap_or((event.offset, event.offset));
        for entry in entries {
            if entry.offset < end {
                let what = format!("the final read finds {} where {end} comes next", entry.offset);
                self.accuse(Class::Gap, partition, end, entry.value, what);
            } else if let Some(missing) = options.damage.unexplained(partition, end, entry.offset) {
                let what = format!("the final read finds {} where {missing} comes next", entry.offset);
                self.accuse(Class::Gap, partition, missing, entry.value, what);
            }
            end = entry.offset + 1;
        }
        if let Some(missing) = options.damage.unexplained(partition, end, event.aux).filter(|_| entries.is_empty()) {
            self.accuse(Class::Gap, partition, missing, 0, format!("nothing is served up to the end {}", event.aux));
        }
        self.check_deleted(event, entries, u64::MAX);
        self.log(event).final_range = Some((start, end));
        let era = self.last_era();
        self.counts.read += entries.len() as u64;
        entries.iter().for_each(|entry| self.note_record(partition, entry, era, FINAL));
    }
}
