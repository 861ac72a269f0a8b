//! Crashes at every operation. A broker once acknowledged what a power cut took back, and served after the next start
//! what the start after that had not (KAFKA-10101): so each state is recovered, and what was recovered is cut again.
//!
//! The checks return what is wrong; with each planted bug they must find something.

use host::sim::Promises;
use host::{Disk, SimDisk};
use record::Compression;

use super::support::*;
use crate::planted::{self, Bug};
use crate::{AppendOutcome, Log, LogDir, ReadError, Stop};

type Verdict = Result<(), String>;

/// What was promised once this many operations were done.
struct Promise {
    ops: usize,
    batches: usize,
}

struct Story {
    sim: SimDisk,
    batches: Vec<Vec<u8>>,
    /// After each acknowledged append, in order.
    acknowledged: Vec<Promise>,
    /// After each flush: what is durable.
    durable: Vec<Promise>,
}

/// Appends over several segments, with a flush now and then.
fn story(promises: Promises, flush_every: usize) -> Story {
    let sim = SimDisk::with_promises(promises);
    let mut log = create(&sim, small());
    let (mut acknowledged, mut durable) = (vec![Promise { ops: sim.op_count(), batches: 0 }], Vec::new());
    durable.push(Promise { ops: sim.op_count(), batches: 0 });
    let batches: Vec<_> = (0..9).map(|index| batch(Compression::None, &[index], 60 + 20 * index as usize)).collect();
    for (index, bytes) in batches.iter().enumerate() {
        append(&mut log, std::slice::from_ref(bytes));
        acknowledged.push(Promise { ops: sim.op_count(), batches: index + 1 });
        if (index + 1) % flush_every == 0 {
            log.flush().unwrap();
            durable.push(Promise { ops: sim.op_count(), batches: index + 1 });
        }
    }
    Story { sim, batches, acknowledged, durable }
}

fn promised(promises: &[Promise], ops: usize) -> Option<usize> {
    promises.iter().rev().find(|promise| promise.ops <= ops).map(|promise| promise.batches)
}

/// What a start after the crash serves. `None`: there is no log.
fn recovered(sim: &SimDisk) -> Result<Option<Vec<Expected>>, String> {
    recovered_after(sim, Stop::Power)
}

fn recovered_after(sim: &SimDisk, stop: Stop) -> Result<Option<Vec<Expected>>, String> {
    if !Disk::sim(sim.clone()).exists(std::path::Path::new("/data").join(NAME).as_path()).unwrap() {
        return Ok(None);
    }
    let log = Log::open(&log_dir(sim), NAME, small(), stop).map_err(|error| error.to_string())?;
    let reader = log.reader();
    let (mut found, mut from) = (Vec::new(), reader.log_start_offset());
    while from < reader.end().offset {
        match reader.read(from, None, reader.end(), 1, true, Patience::Waits) {
            Ok(Some(slice)) => {
                let mut bytes = Vec::new();
                slice.read_into(&mut bytes).unwrap();
                let header = *record::Batch::parse(&bytes).map_err(|error| error.to_string())?.header();
                if header.base_offset != from {
                    return Err(format!("a silent gap: {from} was asked for, {} came", header.base_offset));
                }
                from = header.next_offset();
                found.push(Expected { base: header.base_offset.0, next: from.0, bytes });
            }
            // Damage is told, not hidden; what lies behind it is found offset by offset.
            Err(ReadError::Corrupt { .. }) => from = from + 1,
            other => return Err(format!("{from}: {other:?}")),
        }
    }
    Ok(Some(found))
}

/// Every batch that is served is one that was appended, and the first `promised` are.
fn is_faithful(found: &[Expected], wanted: &[Expected], promised: usize) -> Verdict {
    if let Some(wrong) = found.iter().find(|batch| !wanted.contains(batch)) {
        return Err(format!("offset {} was never written so", wrong.base));
    }
    match wanted[..promised].iter().find(|batch| !found.contains(batch)) {
        Some(lost) => Err(format!("offset {} was promised and is lost", lost.base)),
        None => Ok(()),
    }
}

/// A killed process loses nothing that was acknowledged.
fn check_process_crash() -> Verdict {
    let story = story(Promises::Posix, 4);
    let wanted = expected(&story.batches, 0);
    for (ops, crashed) in story.sim.crash_points().enumerate() {
        let Some(promised) = promised(&story.acknowledged, ops) else { continue };
        let found = recovered_after(&crashed.fork_after_process_crash(), Stop::Process)?.ok_or("the log is gone")?;
        if recovered(&crashed)?.as_ref() != Some(&found) {
            return Err(format!("after {ops} operations it depends on what is believed of the stop"));
        }
        is_faithful(&found, &wanted, promised)?;
        if found != wanted[..found.len()] {
            return Err(format!("after {ops} operations the log is no prefix"));
        }
    }
    Ok(())
}

/// A power cut takes nothing that was flushed, tells every gap, and a second one takes nothing that recovery served.
fn check_power_cut(promises: Promises) -> Verdict {
    let story = story(promises, 2);
    let wanted = expected(&story.batches, 0);
    for (ops, crashed) in story.sim.crash_points().enumerate() {
        let Some(promised) = promised(&story.durable, ops) else { continue };
        for subset in crashed.subsets(6) {
            let cut = crashed.power_cut(subset);
            let found = recovered(&cut)?.ok_or("the log is gone")?;
            is_faithful(&found, &wanted, promised).map_err(|wrong| format!("{wrong}: {ops} operations, {subset:?}"))?;
            for second in [host::sim::Subset::None, host::sim::Subset::Random(ops as u64)] {
                let again = recovered(&cut.power_cut(second))?.ok_or("the log is gone")?;
                if again != found {
                    return Err(format!("served once and then not: {ops} operations, {subset:?}, {second:?}"));
                }
            }
        }
    }
    Ok(())
}

/// The last five batches of a producer are known when they come again, and the sixth last is not.
fn check_window() -> Verdict {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    for index in 0..8 {
        append(&mut log, &[sequenced(1, 0, index, 1)]);
    }
    let outcomes = try_append(&mut log, &(2..8).map(|index| sequenced(1, 0, index, 1)).collect::<Vec<_>>()).unwrap();
    let known = outcomes.iter().filter(|outcome| matches!(outcome, AppendOutcome::Duplicate { .. })).count();
    if known == 5 { Ok(()) } else { Err(format!("{known} batches are known, not 5")) }
}

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    assert_eq!(check_process_crash(), Ok(()));
}

#[test]
fn a_power_cut_takes_nothing_durable() {
    assert_eq!(check_power_cut(Promises::Ext4), Ok(()));
    assert_eq!(check_power_cut(Promises::Posix), Ok(()));
}

#[test]
fn the_window_is_five_batches() {
    assert_eq!(check_window(), Ok(()));
}

#[test]
fn planted_bugs_are_found() {
    let found = planted::with(Bug::AckBeforeWrite, check_process_crash);
    assert!(found.is_err(), "acknowledged before written");
    let found = planted::with(Bug::SkipDirectoryFsync, || check_power_cut(Promises::Posix));
    assert!(found.is_err(), "names are not durable");
    let found = planted::with(Bug::DedupWindowOffByOne, check_window);
    assert!(found.is_err(), "the window is one short");
}

#[test]
fn the_clean_mark_is_gone_durably_before_anything_is_written() {
    let sim = SimDisk::new();
    let log = create(&sim, small());
    log.close().unwrap();
    let dir = log_dir(&sim);
    dir.mark_clean_shutdown().unwrap();
    let cut = || LogDir::new(Disk::sim(sim.power_cut(host::sim::Subset::None)), "/data".into());
    assert_eq!(cut().begin().unwrap(), Stop::Clean);
    assert_eq!(dir.begin().unwrap(), Stop::Clean);
    assert_eq!(cut().begin().unwrap(), Stop::Power);
    assert_eq!(dir.begin().unwrap(), Stop::Process);
}
