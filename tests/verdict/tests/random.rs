//! Valid histories from a model are valid, however random; and judging takes linear time.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tests are the outside world: they use clocks and tell figures"
)]

#[allow(dead_code, reason = "each binary uses its part")]
mod histories;

use std::time::Instant;

use histories::{History, entry, run, v};
use verdict::{Durability, Event, Kind, Options, Phase};

const HISTORIES: u64 = 10_000;
const RECORDS: u64 = 1_000_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    /// A number from 0 to `bound`, exclusive.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A log as it should be: two partitions, clients that produce and read, kills and cuts.
#[derive(Default)]
struct Model {
    history: History,
    logs: [Vec<u64>; 2],
    starts: [usize; 2],
    counters: [u64; 3],
    positions: [[i64; 2]; 2],
    reset: bool,
}

impl Model {
    fn step(&mut self, random: &mut Random, lossy: bool) {
        match random.below(12) {
            0..=4 => self.send(random),
            5..=7 => self.poll(random),
            8 => self.list(random),
            9 => self.delete(random),
            10 => self.history.crash(Kind::Kill),
            _ if lossy => self.cut(random),
            _ => self.history.crash(Kind::PowerCut),
        }
    }

    fn send(&mut self, random: &mut Random) {
        let (client, at, count) = (random.below(3) as usize, random.below(2) as usize, 1 + random.below(4));
        let (first, pid) = (self.counters[client], if client == 0 { -1 } else { client as i64 });
        self.counters[client] += count;
        self.history.sending(client as u16, at as u32, pid, first, count);
        let offset = self.logs[at].len() as i64;
        let outcome = if pid < 0 { random.below(5) } else { 9 };
        if outcome > 1 {
            self.logs[at].extend((first..first + count).map(|counter| v(client as u16, counter)));
        }
        let (phase, offset) = match outcome {
            0 => (Phase::Fail, -1),
            1 | 2 => (Phase::Info, -1),
            _ => (Phase::Ok, offset),
        };
        self.history.sent(client as u16, at as u32, phase, first, offset);
    }

    fn poll(&mut self, random: &mut Random) {
        let (reader, at) = (random.below(2) as usize, random.below(2) as usize);
        let from = self.positions[reader][at].max(self.starts[at] as i64).min(self.logs[at].len() as i64);
        let count = random.below(5) as usize;
        let values: Vec<u64> = self.logs[at][from as usize..].iter().take(count).copied().collect();
        let client = 10 + reader as u16;
        self.history.ask(client, Kind::Poll, at as u32, from, -1);
        let mut event = Event::new(Kind::Poll, Phase::Ok);
        (event.partition, event.offset, event.aux) = (at as u32, from, self.logs[at].len() as i64);
        event.flags = if from == self.positions[reader][at] { 0 } else { verdict::flags::RESET };
        self.history.event(client, event, run(from, &values));
        self.positions[reader][at] = from + values.len() as i64;
    }

    fn list(&mut self, random: &mut Random) {
        let at = random.below(2) as usize;
        let (log, start) = (&self.logs[at], self.starts[at]);
        let asked = random.below(200) as i64;
        let found = (start..log.len()).find(|offset| entry(0, log[*offset]).timestamp >= asked);
        let timestamp = found.map_or(u64::MAX, |offset| entry(0, log[offset]).timestamp as u64);
        self.history.lookup(20, at as u32, asked, found.map_or(-1, |offset| offset as i64), timestamp);
        self.history.lookup(20, at as u32, -1, self.logs[at].len() as i64, 0);
        self.history.lookup(20, at as u32, -2, self.starts[at] as i64, 0);
    }

    fn delete(&mut self, random: &mut Random) {
        let at = random.below(2) as usize;
        let left = self.logs[at].len() - self.starts[at];
        // Rarely all of it: the final read should find something.
        let before = self.starts[at] + random.below(left as u64 / 3 + 1) as usize;
        self.starts[at] = before;
        self.history.delete(20, at as u32, before as i64);
    }

    fn cut(&mut self, random: &mut Random) {
        self.history.crash(Kind::PowerCut);
        for at in 0..2 {
            let loss = random.below(6) as usize;
            let left = self.logs[at].len().saturating_sub(loss).max(self.starts[at]);
            self.logs[at].truncate(left);
        }
        self.reset = true;
    }
}

#[test]
fn ten_thousand_valid_histories_raise_no_alarm() {
    for seed in 0..HISTORIES {
        let (mut random, lossy) = (Random(seed), seed % 2 == 0);
        let mut model = Model::default();
        (0..10 + random.below(80)).for_each(|_| model.step(&mut random, lossy));
        for at in 0..2 {
            let start = model.starts[at];
            model.history.last(at as u32, start as i64, &model.logs[at][start..]);
        }
        let durability = if lossy { Durability::PageCache } else { Durability::Synced };
        let options = Options { durability, progress_within_ns: Some(1_000_000_000), ..Options::default() };
        let verdict = model.history.judge(&options);
        assert!(verdict.is_valid(), "seed {seed}:\n{verdict}");
    }
}

#[test]
fn a_million_records_are_judged() {
    let millions = std::env::var("OTTLA_VERDICT_MILLIONS").ok().map_or(1, |millions| millions.parse().unwrap());
    let mut history = History::default();
    let records = RECORDS * millions;
    let batch = 10;
    for first in (0..records).step_by(batch as usize) {
        history.send((first / batch % 8) as u16, 0, first / batch / 8 * batch, batch, first as i64);
    }
    let value = |offset: u64| v((offset / batch % 8) as u16, offset / batch / 8 * batch + offset % batch);
    for first in (0..records).step_by(100) {
        let values: Vec<u64> = (first..first + 100).map(value).collect();
        history.poll(20, 0, first as i64, run(first as i64, &values));
    }
    let values: Vec<u64> = (0..records).map(value).collect();
    history.last(0, 0, &values);
    let ledgers = history.ledgers();
    drop(history);
    let start = Instant::now();
    let verdict = verdict::judge(&ledgers, &Options::default()).unwrap();
    println!("{records} records judged in {:.2} s", start.elapsed().as_secs_f64());
    assert!(verdict.is_valid(), "{verdict}");
    assert_eq!((verdict.counts.acked, verdict.counts.read), (records, 2 * records));
}
