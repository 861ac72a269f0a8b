//! The end of the log moves down.

use host::SimDisk;
use host::sim::Subset;
use proptest::collection::vec;
use proptest::prelude::*;
use record::{Compression, LeaderEpoch, Offset, Timestamp};

use super::support::*;
use crate::{AppendOutcome, Log, Stop};

/// Batches of three records each.
fn batches(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|index| batch(Compression::None, &[index as i64; 3], 30)).collect()
}

/// Times of each record, by offset.
fn times(log: &Log) -> Vec<i64> {
    record_times(&read_all(&log.reader()).unwrap()).into_iter().map(|(_, time)| time.0).collect()
}

#[test]
fn the_batch_that_holds_the_offset_goes_with_all_behind_it_and_appends_go_on_there() {
    for to in 0..60 {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        append(&mut log, &batches(20));
        log.flush().unwrap();
        let end = to / 3 * 3;
        log.truncate_to(Offset(to)).unwrap();
        let reader = log.reader();
        assert_eq!((reader.end().offset, reader.durable_end().offset), (Offset(end), Offset(end)));
        let kept = batches((end / 3) as usize);
        assert_eq!(read_all(&reader).unwrap(), expected(&kept, 0), "{to}");
        let cut = open(&sim.power_cut(Subset::None), small(), Stop::Power);
        assert_eq!(read_all(&cut.reader()).unwrap(), expected(&kept, 0), "it is durable");
        let more = vec![batch(Compression::None, &[7, 8], 50); 9];
        assert_eq!(append(&mut log, &more), Offset(end));
        let wanted = expected(&[kept, more].concat(), 0);
        assert_eq!(read_all(&reader).unwrap(), wanted);
        for wanted_time in [0, 7, 8, 19] {
            let brute = times(&log).iter().position(|time| *time >= wanted_time).map(|at| Offset(at as i64));
            let found = reader.offset_for_timestamp(Timestamp(wanted_time), reader.end().offset).unwrap();
            assert_eq!(found.map(|(offset, _)| offset), brute);
        }
        log.close().unwrap();
        assert_eq!(read_all(&open(&sim, small(), Stop::Clean).reader()).unwrap(), wanted);
    }
}

#[test]
fn after_the_death_of_the_process_the_recovery_point_goes_down_with_the_end() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches(2));
    log.flush().unwrap();
    log.dir().write_checkpoints().unwrap();
    append(&mut log, &batches(1));
    drop(log);
    let crashed = sim.fork_after_process_crash();
    let mut log = open(&crashed, small(), Stop::Process);
    assert_eq!(log.dir().recovery_point(NAME).unwrap(), Some(Offset(6)), "what is above was not synced");
    log.truncate_to(Offset(3)).unwrap();
    assert_eq!(log.dir().recovery_point(NAME).unwrap(), Some(Offset(3)));
    append(&mut log, &batches(2));
    log.dir().write_checkpoints().unwrap();
    let cut = open(&crashed.power_cut(Subset::None), small(), Stop::Power);
    assert!(cut.damage().is_empty());
}

#[test]
fn at_or_beyond_the_end_nothing_is_cut() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches(3));
    let ops = sim.op_count();
    assert!(log.truncate_to(Offset(9)).unwrap().is_empty() && log.truncate_to(Offset(100)).unwrap().is_empty());
    assert_eq!((sim.op_count(), log.reader().end().offset), (ops, Offset(9)));
}

#[test]
fn below_the_start_the_log_begins_again() {
    for stop in [Stop::Power, Stop::Process, Stop::Clean] {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        append(&mut log, &batches(20));
        log.advance_start(Offset(40), NOW).unwrap();
        let retired = log.truncate_to(Offset(4)).unwrap();
        assert!(retired.iter().any(|path| path.to_str().unwrap().ends_with(".log.deleted")));
        assert_eq!((log.reader().log_start_offset(), log.reader().end().offset), (Offset(4), Offset(4)));
        assert_eq!(log.end_of_epoch(EPOCH), None);
        assert_eq!(append(&mut log, &batches(2)), Offset(4));
        log.flush().unwrap();
        let found = match stop {
            Stop::Process => sim.fork_after_process_crash(),
            Stop::Power | Stop::Unknown => sim.power_cut(Subset::None),
            Stop::Clean => {
                log.close().unwrap();
                sim
            }
        };
        assert_eq!(read_all(&open(&found, small(), stop).reader()).unwrap(), expected(&batches(2), 4));
    }
}

#[test]
fn offsets_that_were_deleted_are_not_given_again_when_a_power_cut_took_the_records_too() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches(2));
    log.flush().unwrap();
    append(&mut log, &batches(2));
    log.advance_start(Offset(9), NOW).unwrap();
    let cut = sim.power_cut(Subset::None);
    for _ in 0..2 {
        let reader = open(&cut, small(), Stop::Power).reader();
        assert_eq!((reader.log_start_offset(), reader.end().offset), (Offset(9), Offset(9)));
    }
}

#[test]
fn epochs_above_the_end_are_forgotten() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    for (bytes, epoch) in batches(6).iter().zip([1, 1, 2, 2, 5, 5]) {
        log.append(&[produced(bytes)], LeaderEpoch(epoch), NOW, &mut crate::Outcomes::new()).unwrap();
    }
    log.truncate_to(Offset(12)).unwrap();
    let crashed = open(&sim.power_cut(Subset::None), small(), Stop::Power);
    for log in [&log, &crashed] {
        let two = Some((LeaderEpoch(2), Offset(12)));
        assert_eq!([log.end_of_epoch(LeaderEpoch(2)), log.end_of_epoch(LeaderEpoch(5))], [two, None]);
    }
    log.append(&[produced(&batches(1)[0])], LeaderEpoch(3), NOW, &mut crate::Outcomes::new()).unwrap();
    assert_eq!(log.end_of_epoch(LeaderEpoch(2)), Some((LeaderEpoch(2), Offset(12))));
}

#[test]
fn a_flush_that_a_truncation_overtook_makes_nothing_durable() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches(2));
    let flush = log.begin_flush().unwrap();
    flush.run().unwrap();
    log.truncate_to(Offset(3)).unwrap();
    append(&mut log, &batches(4));
    log.end_flush(flush);
    assert_eq!(log.reader().durable_end().offset, Offset(0));
    log.flush().unwrap();
    assert_eq!(log.reader().durable_end(), log.reader().end());
}

#[test]
fn readers_from_before_a_truncation_see_the_end_and_no_cut_bytes() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches(20));
    let (reader, upper) = (log.reader(), log.reader().end());
    log.truncate_to(Offset(9)).unwrap();
    for from in 0..9 {
        assert!(reader.read(Offset(from), None, upper, u32::MAX, true, Patience::Waits).unwrap().is_some());
    }
    assert!(reader.read(Offset(9), None, upper, u32::MAX, true, Patience::Waits).unwrap().is_none());
    assert!(reader.read(Offset(10), None, upper, u32::MAX, true, Patience::Waits).is_err());
    assert!(reader.size_bytes() < 600);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Kafka lost producers in truncations (KAFKA-5435, KAFKA-12520): what is known of them afterwards, and after a restart,
    /// is what a log knows that never had more.
    #[test]
    fn the_window_of_each_producer_is_as_if_what_was_cut_had_never_come(
        turns in vec(0..3i64, 4..40), to in 0..80i64, flush in any::<bool>(),
    ) {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        let mut sequences = [0; 3];
        let batches: Vec<_> = turns.iter().map(|id| {
            let sequence = &mut sequences[*id as usize];
            *sequence += 2;
            sequenced(*id, 0, *sequence - 2, 2)
        }).collect();
        append(&mut log, &batches);
        if flush {
            log.flush().unwrap();
        }
        log.truncate_to(Offset(to)).unwrap();
        let kept = (to as usize / 2).min(batches.len());
        let mut model = create(&SimDisk::new(), small());
        if kept > 0 {
            append(&mut model, &batches[..kept]);
        }
        prop_assert_eq!(log.producers(), model.producers());
        let again = open(&sim.fork_after_process_crash(), small(), Stop::Power);
        prop_assert_eq!(again.producers(), model.producers());
        // All are offered again: those in the window are known, the cut ones are new.
        for bytes in &batches[kept..] {
            let wanted = try_append(&mut model, std::slice::from_ref(bytes)).unwrap();
            prop_assert!(matches!(wanted[..], [AppendOutcome::Appended { .. }]), "it is new");
            prop_assert_eq!(try_append(&mut log, std::slice::from_ref(bytes)).unwrap(), wanted);
        }
    }
}
