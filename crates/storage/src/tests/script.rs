//! Random scripts over all that a log does, with a crash after every operation of the disk, and with every failure that
//! a disk has: what was promised until then is there, and nothing else is served.
//!
//! `OTTLA_CRASH_STATES` says how many states of the disk a campaign recovers.

use host::sim::{Failure, Fault, OpKind, Promises, Subset};
use host::{Disk, Rng, SimDisk};
use record::{Offset, Timestamp};

use super::support::*;
use crate::{AppendError, AppendOutcome, Log, LogDir, ReadError};

/// One operation.
#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Flush,
    /// DeleteRecords.
    Advance(i64),
    /// Retention.
    Expire(i64),
    Truncate(i64),
    Checkpoint,
    /// Removes files that left the log.
    Sweep,
    /// A clean stop, and the start after it.
    Restart,
    Delete,
}

/// What is promised once `ops` operations of the disk were done.
#[derive(Clone, Debug)]
struct State {
    ops: usize,
    /// All batches of the log, also those below the start.
    batches: Vec<Expected>,
    start: i64,
    end: i64,
    /// The start that no crash takes back.
    durable_start: i64,
    durable_end: i64,
    exists: bool,
}

/// A log that follows a script.
struct Run {
    sim: SimDisk,
    dir: std::sync::Arc<LogDir>,
    log: Option<Log>,
    retired: Vec<std::path::PathBuf>,
    states: Vec<State>,
}

/// Records of each batch; the sequence number of its first is its place times this.
const RECORDS: i64 = 2;

impl State {
    fn after(&self, step: &Step) -> State {
        let mut next = self.clone();
        match step {
            Step::Append(_) => unreachable!("needs the bytes"),
            Step::Flush => next.durable_end = self.end,
            Step::Advance(to) | Step::Expire(to) => {
                next.start = self.start.max(*to.min(&self.end));
                next.durable_end = self.durable_end.max(next.start);
                if matches!(step, Step::Advance(_)) {
                    next.durable_start = self.durable_start.max(*to.min(&self.end));
                }
            }
            Step::Checkpoint => next.durable_start = self.start,
            Step::Truncate(to) => next.truncate(*to),
            Step::Sweep => {}
            Step::Restart => (next.durable_start, next.durable_end) = (self.start, self.end),
            Step::Delete => next.exists = false,
        }
        next
    }

    fn truncate(&mut self, to: i64) {
        if to >= self.end {
            return;
        }
        let end = self.batches.iter().find(|batch| batch.next > to).map_or(to, |batch| batch.base.min(to));
        if end < self.start || to < self.start {
            self.batches.clear();
            (self.start, self.end, self.durable_start, self.durable_end) = (to, to, to, to);
            return;
        }
        self.batches.retain(|batch| batch.next <= end);
        (self.end, self.durable_end) = (end, self.durable_end.min(end));
    }
}

impl Run {
    fn new(promises: Promises) -> Run {
        let sim = SimDisk::with_promises(promises);
        let dir = log_dir(&sim);
        let log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
        let (start, end, durable_start, durable_end) = (0, 0, 0, 0);
        let ops = sim.op_count();
        let state = State { ops, batches: Vec::new(), start, end, durable_start, durable_end, exists: true };
        Run { sim, dir, log: Some(log), retired: Vec::new(), states: vec![state] }
    }

    fn now(&self) -> &State {
        self.states.last().unwrap()
    }

    /// The batches of an append as producer 1 sends them, and the state after it.
    fn appended(&self, count: usize) -> (Vec<Vec<u8>>, State) {
        let state = self.now();
        let placed = state.batches.len() as i64;
        // A log that began again knows no producers: any sequence number is the first.
        let sequence = |index: usize| ((placed + index as i64) * RECORDS) as i32;
        let bytes: Vec<_> = (0..count).map(|index| sequenced(1, 0, sequence(index), RECORDS as usize)).collect();
        let mut next = state.clone();
        next.batches.extend(expected(&bytes, state.end));
        next.end += count as i64 * RECORDS;
        (bytes, next)
    }

    /// Does a step. The state that it should lead to comes back when it fails.
    fn step(&mut self, step: &Step) -> Result<(), Box<State>> {
        let (bytes, mut next) = match step {
            Step::Append(count) => self.appended(*count),
            step => (Vec::new(), self.now().after(step)),
        };
        let done = self.perform(step, &bytes);
        next.ops = self.sim.op_count();
        match done {
            Some(()) => self.states.push(next),
            None => return Err(Box::new(next)),
        }
        Ok(())
    }

    fn perform(&mut self, step: &Step, bytes: &[Vec<u8>]) -> Option<()> {
        let log = self.log.as_mut()?;
        match step {
            Step::Append(_) => match try_append(log, bytes) {
                // Everything is as it was; it works again when there is room.
                Err(AppendError::StorageFull) => drop(try_append(log, bytes).ok()?),
                done => drop(done.ok()?),
            },
            Step::Flush => log.flush().ok()?,
            Step::Advance(to) => self.retired.extend(log.advance_start(Offset(*to), NOW).ok()?),
            Step::Expire(to) => self.retired.extend(log.expire_to(Offset(*to), NOW).ok()?),
            Step::Truncate(to) => self.retired.extend(log.truncate_to(Offset(*to)).ok()?),
            Step::Checkpoint => self.dir.write_checkpoints().ok()?,
            Step::Sweep => {
                let disk = Disk::sim(self.sim.clone());
                self.retired.drain(..).for_each(|path| drop(disk.remove_file(&path)));
            }
            Step::Restart => {
                self.log.take()?.close().ok()?;
                self.dir.mark_clean_shutdown().ok()?;
                self.dir = std::sync::Arc::new(LogDir::new(Disk::sim(self.sim.clone()), "/data".into()));
                let stop = self.dir.begin().ok()?;
                self.log = Some(Log::open(&self.dir, NAME, small(), stop).ok()?);
            }
            Step::Delete => {
                let deleted = self.log.take()?.mark_deleted().ok()?;
                Disk::sim(self.sim.clone()).remove_dir_all(&deleted).ok()?;
            }
        }
        Some(())
    }
}

/// A script: the more it has, the more often the log is long.
fn script(seed: u64, steps: usize) -> Vec<Step> {
    let rng = Rng::seeded(seed);
    let mut end = 0;
    let mut script: Vec<Step> = (0..steps)
        .map(|_| match rng.below(16) {
            0..7 => {
                let count = 1 + rng.below(5) as usize;
                end += count as i64 * RECORDS;
                Step::Append(count)
            }
            7..9 => Step::Flush,
            9 => Step::Advance(rng.below(end as u64 + 2) as i64),
            10..12 => Step::Expire(rng.below(end as u64 + 2) as i64),
            12 => {
                let to = end - rng.below(end as u64 / 2 + 2) as i64;
                end = to.max(0);
                Step::Truncate(end)
            }
            13 => Step::Checkpoint,
            14 => Step::Sweep,
            _ => Step::Restart,
        })
        .collect();
    script.push(Step::Delete);
    script
}

/// What a start after the crash serves.
struct Found {
    start: i64,
    batches: Vec<Expected>,
    log: Log,
}

fn recovered(sim: &SimDisk) -> Result<Option<Found>, String> {
    let dir = log_dir(sim);
    if !dir.disk().exists(&dir.path().join(NAME)).unwrap() {
        return Ok(None);
    }
    let stop = dir.begin().unwrap();
    let log = Log::open(&dir, NAME, small(), stop).map_err(|error| format!("it doesn't open: {error}"))?;
    let reader = log.reader();
    let (start, mut batches, mut from) = (reader.log_start_offset(), Vec::new(), reader.log_start_offset());
    while from < reader.end().offset {
        match reader.read(from, None, reader.end(), 1, true, Patience::Waits) {
            Ok(Some(slice)) => {
                let mut bytes = Vec::new();
                slice.read_into(&mut bytes).unwrap();
                let header = *record::Batch::parse(&bytes).map_err(|error| error.to_string())?.header();
                if header.base_offset > from {
                    return Err(format!("a silent gap: {from} was asked for, {} came", header.base_offset));
                }
                from = header.next_offset();
                batches.push(Expected { base: header.base_offset.0, next: from.0, bytes });
            }
            // Damage is told, not hidden.
            Err(ReadError::Corrupt { .. }) => from = from + 1,
            other => return Err(format!("{from}: {other:?}")),
        }
    }
    Ok(Some(Found { start: start.0, batches, log }))
}

/// Whether what was found is right between two states: all that both promise is there, and nothing that neither knows.
fn check(found: &Found, before: &State, after: &State, power: bool) -> Result<(), String> {
    let Found { start, batches, .. } = found;
    let known = |batch: &Expected| before.batches.contains(batch) || after.batches.contains(batch);
    if let Some(wrong) = batches.iter().find(|batch| !known(batch)) {
        return Err(format!("offset {} was never written so", wrong.base));
    }
    let latest_start = before.start.max(after.start);
    let earliest_start = before.durable_start.min(after.durable_start);
    if *start < earliest_start || *start > latest_start {
        return Err(format!("the log begins at {start}, not in {earliest_start}..={latest_start}"));
    }
    let durable_end = if power { before.durable_end.min(after.durable_end) } else { i64::MAX };
    let promised =
        |batch: &&Expected| after.batches.contains(batch) && batch.next > latest_start && batch.next <= durable_end;
    match before.batches.iter().filter(promised).find(|batch| !batches.contains(batch)) {
        Some(lost) => Err(format!("offset {} was promised and is lost", lost.base)),
        None => Ok(()),
    }
}

/// The producer's last batches are known when they come again, and its next one is taken.
fn check_window(found: &mut Found) -> Result<(), String> {
    let sequence = |batch: &Expected| record::Batch::parse(&batch.bytes).unwrap().header().base_sequence;
    let last: Vec<i32> = found.batches.iter().rev().take(5).map(sequence).collect();
    let Some(newest) = last.first() else { return Ok(()) };
    let again: Vec<_> = last.iter().rev().map(|sequence| sequenced(1, 0, *sequence, RECORDS as usize)).collect();
    let next = sequenced(1, 0, newest + RECORDS as i32, RECORDS as usize);
    let outcomes = try_append(&mut found.log, &[again, vec![next]].concat()).map_err(|error| error.to_string())?;
    let (taken, known) = outcomes.split_last().unwrap();
    let all_known = known.iter().all(|outcome| matches!(outcome, AppendOutcome::Duplicate { .. }));
    match taken {
        AppendOutcome::Appended { .. } if all_known => Ok(()),
        _ => Err(format!("the producer is not known: {outcomes:?}")),
    }
}

/// Recovers a state of the disk and checks it.
fn visit(disk: &SimDisk, before: &State, after: &State, power: bool) -> Result<(), String> {
    match recovered(disk)? {
        None if after.exists => Err("the log is gone".into()),
        None => Ok(()),
        // A log that is being removed has any part of its files.
        Some(_) if !after.exists => Ok(()),
        Some(mut found) => {
            check(&found, before, after, power)?;
            if power {
                let again = recovered(&disk.power_cut(Subset::None))?.ok_or("the log is gone")?;
                let same = again.start == found.start && again.batches == found.batches;
                return if same { Ok(()) } else { Err("served once and then not".into()) };
            }
            check_window(&mut found)
        }
    }
}

fn states_wanted(default: usize) -> usize {
    std::env::var("OTTLA_CRASH_STATES").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

/// Crashes after each operation of one script; how many states were visited.
fn campaign(seed: u64) -> Result<usize, String> {
    let promises = if seed.is_multiple_of(2) { Promises::Ext4 } else { Promises::Posix };
    let mut run = Run::new(promises);
    let script = script(seed, 14);
    for step in &script {
        run.step(step).map_err(|_| format!("{step:?} failed"))?;
    }
    let mut visited = 0;
    for (ops, disk) in run.sim.crash_points().enumerate().skip(run.states[0].ops) {
        let next = run.states.partition_point(|state| state.ops <= ops);
        let before = &run.states[next - 1];
        let after = run.states.get(next).unwrap_or(before);
        let told = |cut: &str, wrong| format!("{wrong}\n{cut}: seed {seed}, {ops} operations, {script:?}");
        let subsets: Vec<_> = [Subset::None, Subset::All]
            .into_iter()
            .chain((0..3).map(|index| Subset::Random(seed * 1000 + ops as u64 * 3 + index)))
            .collect();
        for subset in &subsets {
            visit(&disk.power_cut(*subset), before, after, true)
                .map_err(|wrong| told(&format!("{subset:?}"), wrong))?;
        }
        // Last: it writes to the disk.
        visit(&disk, before, after, false).map_err(|wrong| told("killed", wrong))?;
        visited += 1 + subsets.len();
    }
    Ok(visited)
}

#[test]
fn whatever_a_log_does_a_crash_takes_nothing_that_was_promised() {
    let (wanted, mut visited, mut seed) = (states_wanted(200_000), 0, 0);
    while visited < wanted {
        visited += campaign(seed).unwrap();
        seed += 1;
    }
    tracing::info!(visited, seeds = seed, "states were recovered");
}

/// A script with everything in it, for failures of the disk.
fn failing_script() -> Vec<Step> {
    use Step::{Advance, Append, Checkpoint, Expire, Flush, Restart, Sweep, Truncate};
    let appends = [Append(3), Append(2), Append(4), Flush, Append(5), Checkpoint, Expire(9), Append(3), Advance(20)];
    let rest = [Sweep, Append(2), Truncate(33), Append(4), Flush, Restart, Append(3), Expire(100), Append(6), Flush];
    appends.into_iter().chain(rest).collect()
}

/// Runs the script until something fails, and looks at what a kill and a power cut leave then.
fn fail(fault: Fault, label: &str) {
    let mut run = Run::new(Promises::Posix);
    run.sim.inject(fault);
    let mut after = None;
    for step in failing_script() {
        if let Err(state) = run.step(&step) {
            after = Some((step, *state));
            break;
        }
    }
    let before = run.now();
    let (step, after) = after.unwrap_or((Step::Sweep, before.clone()));
    let killed = visit(&run.sim.fork_after_process_crash(), before, &after, false);
    assert_eq!(killed, Ok(()), "killed after {label} in {step:?}");
    for subset in [Subset::None, Subset::All, Subset::Random(7)] {
        let cut = visit(&run.sim.power_cut(subset), before, &after, true);
        assert_eq!(cut, Ok(()), "power cut after {label} in {step:?}, {subset:?}");
    }
}

#[test]
fn no_failing_call_loses_what_was_promised() {
    use OpKind::{Allocate, Open, Read, Remove, Rename, SetLen, Sync, SyncDir, Write};
    let kinds = [Open, Read, Write, SetLen, Sync, SyncDir, Allocate, Rename, Remove];
    let errors = [Failure::Io, Failure::NoSpace].into_iter().flat_map(|failure| kinds.map(|kind| (kind, failure)));
    let transfers = [Failure::Interrupted, Failure::Short(1), Failure::Short(7)];
    let transfers = transfers.into_iter().flat_map(|failure| [Read, Write].map(|kind| (kind, failure)));
    for (kind, failure) in errors.chain(transfers) {
        for after in 0..200 {
            fail(Fault::next(kind, failure).after(after), &format!("{kind:?} {failure:?} {after}"));
        }
    }
}

#[test]
fn a_log_with_flush_messages_1_shows_and_acknowledges_only_what_a_power_cut_leaves() {
    for kind in [OpKind::Sync, OpKind::SyncDir] {
        for after in 0..30 {
            let sim = SimDisk::new();
            let config = crate::LogConfig { flush_messages: 1, ..small() };
            let mut log = create(&sim, config.clone());
            sim.inject(Fault::next(kind, Failure::Io).after(after).times(u64::MAX));
            let mut acknowledged = Vec::new();
            for index in 0..30 {
                let bytes = sequenced(1, 0, index * 2, 2);
                let Ok(_) = try_append(&mut log, std::slice::from_ref(&bytes)) else { break };
                let waits_for = config.durable_before_ack(log.reader().end().offset);
                let Ok(flush) = log.begin_flush() else { break };
                if flush.run().is_ok() {
                    log.end_flush(flush);
                }
                if log.reader().durable_end().offset < waits_for {
                    break;
                }
                acknowledged.push(bytes);
            }
            let visible = log.reader().visible_end(&config).offset.0;
            let found = recovered(&sim.power_cut(Subset::None)).unwrap().unwrap();
            let wanted = expected(&acknowledged, 0);
            assert_eq!(found.batches[..wanted.len()], wanted);
            assert!(visible <= found.batches.last().map_or(0, |batch| batch.next), "{kind:?} {after}");
            assert!(!(log.flush_due(Timestamp(0)) || log.has_unflushed_roll()) || acknowledged.len() < 30);
        }
    }
}

/// What the checks above find when the promise is not kept.
#[test]
fn a_lost_batch_and_a_start_that_comes_back_are_found() {
    let mut run = Run::new(Promises::Posix);
    for step in [Step::Append(4), Step::Append(4), Step::Advance(5)] {
        run.step(&step).unwrap();
    }
    let state = run.now().clone();
    let mut found = recovered(&run.sim).unwrap().unwrap();
    assert_eq!(check(&found, &state, &state, false), Ok(()));
    let lost = found.batches.pop().unwrap();
    assert!(check(&found, &state, &state, false).is_err());
    assert_eq!(check(&found, &state, &state, true), Ok(()), "it was not durable");
    found.batches.push(Expected { base: lost.base + 1, ..lost });
    assert!(check(&found, &state, &state, true).is_err());
    found.batches.pop();
    found.start = 4;
    assert!(check(&found, &state, &state, true).is_err());
}
