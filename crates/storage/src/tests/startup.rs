//! What a start finds: files of operations that a crash interrupted, starts and recovery points that don't fit, a full
//! disk, damage that was found before.

use std::path::{Path, PathBuf};

use host::sim::{Failure, Fault, OpKind, Promises, Subset};
use host::{Disk, Open, SimDisk};
use record::{Compression, Offset};

use super::support::*;
use crate::{Damage, Log, LogConfig, NewLog, OpenError, ReadError, Stop};

const STOPS: [Stop; 3] = [Stop::Clean, Stop::Process, Stop::Power];

fn batches() -> Vec<Vec<u8>> {
    (0..12).map(|index| batch(Compression::None, &[index, index + 1], 20 + index as usize)).collect()
}

fn written() -> SimDisk {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches());
    sim
}

fn closed() -> SimDisk {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches());
    log.close().unwrap();
    sim
}

fn path(name: &str) -> PathBuf {
    Path::new("/data").join(NAME).join(name)
}

fn write(sim: &SimDisk, name: &str, bytes: &[u8]) {
    let file = Disk::sim(sim.clone()).open(&path(name), Open::Create).unwrap();
    file.set_len(0).unwrap();
    file.write_all_at(bytes, 0).unwrap();
}

fn assert_whole(sim: &SimDisk, stop: Stop) {
    assert_eq!(read_all(&open(sim, small(), stop).reader()).unwrap(), expected(&batches(), 0), "{stop:?}");
}

#[test]
fn after_a_process_crash_only_what_follows_the_last_index_entry_is_verified() {
    let sim = SimDisk::new();
    let config = LogConfig { index_interval_bytes: 100, ..LogConfig::default() };
    let mut log = create(&sim, config.clone());
    append(&mut log, &batches());
    drop(log);
    let log_file = files(&sim, ".log").remove(0);
    let flip = |position: u64| {
        let copy = sim.fork_after_process_crash();
        let disk = Disk::sim(copy.clone());
        disk.open(&log_file, Open::ReadWrite).unwrap().write_all_at(&[0xEE], position).unwrap();
        copy
    };
    let first_body = batches()[0].len() as u64 - 1;
    assert_eq!(open(&flip(first_body), config.clone(), Stop::Process).damage(), [], "it is not read");
    assert_eq!(open(&flip(first_body), config.clone(), Stop::Power).damage().len(), 1);
    let last = Disk::sim(sim.clone()).metadata_len(&log_file).unwrap() - 1;
    for stop in [Stop::Process, Stop::Power] {
        assert_eq!(open(&flip(last), config.clone(), stop).reader().end().offset, Offset(22), "{stop:?}");
    }
}

#[test]
fn indexes_are_the_same_however_they_were_recovered() {
    let index_bytes = |sim: &SimDisk| {
        let names = files(sim, "index");
        names.iter().map(|name| Disk::sim(sim.clone()).read(name).unwrap()).collect::<Vec<_>>()
    };
    let sim = written();
    let wanted = index_bytes(&sim);
    for stop in [Stop::Process, Stop::Power] {
        for (name, garbage) in files(&sim, "index").iter().flat_map(|name| (0..3).map(move |garbage| (name, garbage))) {
            let copy = sim.fork_after_process_crash();
            let disk = Disk::sim(copy.clone());
            let file = disk.open(name, Open::ReadWrite).unwrap();
            let len = file.len().unwrap();
            match garbage {
                0 => file.set_len(len / 2).unwrap(),
                // As Kafka leaves it, which reserves room for the index.
                1 => file.set_len(len + 1200).unwrap(),
                _ => file.write_all_at(&[0x7F; 500], len).unwrap(),
            }
            let log = open(&copy, small(), stop);
            assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches(), 0));
            log.close().unwrap();
            let reference = sim.fork_after_process_crash();
            open(&reference, small(), stop).close().unwrap();
            let last = name == files(&sim, "index").last().unwrap();
            if stop == Stop::Power || last {
                assert_eq!(index_bytes(&copy).last(), index_bytes(&reference).last(), "{stop:?} {name:?} {garbage}");
            }
        }
    }
    assert_eq!(index_bytes(&sim), wanted);
}

#[test]
fn after_a_power_cut_only_what_is_above_the_recovery_point_is_verified() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let mut log = Log::create(&dir, NAME, TOPIC_ID, LogConfig::default()).unwrap();
    append(&mut log, &batches()[..6]);
    log.flush().unwrap();
    dir.write_checkpoints().unwrap();
    append(&mut log, &batches()[6..]);
    drop(log);
    let log_file = files(&sim, ".log").remove(0);
    let sizes: Vec<u64> = batches().iter().map(|batch| batch.len() as u64).collect();
    let damage_at = |batch: usize, point: Option<&str>| {
        let copy = sim.fork_after_process_crash();
        let disk = Disk::sim(copy.clone());
        let position = sizes[..=batch].iter().sum::<u64>() - 1;
        disk.open(&log_file, Open::ReadWrite).unwrap().write_all_at(&[0xEE], position).unwrap();
        if let Some(text) = point {
            disk.write_atomic(Path::new("/data/recovery-point-offset-checkpoint"), text.as_bytes()).unwrap();
        }
        open(&copy, LogConfig::default(), Stop::Power).damage().len()
    };
    assert_eq!((damage_at(5, None), damage_at(6, None)), (0, 1));
    for other in
        ["garbage", "0\n1\norders 3 25\n", "0\n1\norders 3 9223372036854775807\n", "0\n1\norders 3 11\n", "0\n0\n"]
    {
        assert_eq!(damage_at(5, Some(other)), 1, "everything is verified: {other:?}");
    }
}

#[test]
fn the_log_starts_where_its_checkpoint_says() {
    for stop in STOPS {
        let sim = closed();
        let dir = log_dir(&sim);
        dir.note_log_start_offset(NAME, Offset(7)).unwrap();
        dir.write_checkpoints().unwrap();
        let log = open(&sim, small(), stop);
        let reader = log.reader();
        assert_eq!(reader.log_start_offset(), Offset(7));
        assert!(matches!(
            reader.read(Offset(6), None, reader.end(), 1, true, Patience::Waits),
            Err(ReadError::OffsetOutOfRange { .. })
        ));
        assert_eq!(read_all(&reader).unwrap(), expected(&batches(), 0)[3..]);
    }
}

/// As Kafka's `LogLoader`: the offsets below the start were given, and are not given again.
#[test]
fn a_log_whose_start_lies_beyond_its_end_goes_on_at_its_start() {
    for stop in STOPS {
        let sim = closed();
        let dir = log_dir(&sim);
        dir.note_log_start_offset(NAME, Offset(30)).unwrap();
        dir.write_checkpoints().unwrap();
        let mut log = open(&sim, small(), stop);
        assert_eq!((log.reader().log_start_offset(), log.reader().end().offset), (Offset(30), Offset(30)));
        assert_eq!(append(&mut log, &batches()[..2]), Offset(30));
        log.close().unwrap();
        for stop in STOPS {
            let log = open(&sim, small(), stop);
            assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches()[..2], 30), "{stop:?}");
            assert_eq!(log.damage(), []);
        }
    }
}

#[test]
fn leftovers_go_and_unknown_files_stay() {
    let gone = [
        "00000000000000000000.log.deleted",
        "00000000000000000000.index.deleted",
        "00000000000000000004.log.cleaned",
        "00000000000000000004.timeindex.cleaned",
        "leader-epoch-checkpoint.tmp",
        "00000000000000000004.snapshot.tmp",
    ];
    let kept = ["notes.txt", "notes.tmp", "0.log", "00000000000000000000.log.bak", "lost+found", "x.deleted"];
    for stop in STOPS {
        let sim = closed();
        gone.iter().chain(&kept).for_each(|name| write(&sim, name, b"anything"));
        assert_whole(&sim, stop);
        let is_there = |name: &&str| Disk::sim(sim.clone()).exists(&path(name)).unwrap();
        assert!(!gone.iter().any(is_there) && kept.iter().all(is_there), "{stop:?}");
    }
}

/// Kafka's cleaner dies after it renamed `.cleaned` to `.swap` (KAFKA-6264 is about the names).
#[test]
fn a_finished_swap_takes_the_place_of_what_it_covers() {
    let wanted = expected(&batches(), 0);
    for stop in STOPS {
        let sim = closed();
        let logs = files(&sim, ".log");
        let disk = Disk::sim(sim.clone());
        let both = [disk.read(&logs[0]).unwrap(), disk.read(&logs[1]).unwrap()].concat();
        write(&sim, "00000000000000000000.log.swap", &both);
        // The originals were being deleted, the first one first.
        disk.rename(&logs[0], &logs[0].with_extension("log.deleted")).unwrap();
        let log = open(&sim, small(), stop);
        assert_eq!(read_all(&log.reader()).unwrap(), wanted, "{stop:?}");
        assert_eq!(log.damage(), []);
        assert!(
            !disk.exists(&logs[1]).unwrap() && files(&sim, ".swap").is_empty() && files(&sim, ".deleted").is_empty()
        );
    }
}

#[test]
fn a_swap_that_is_not_whole_replaces_nothing() {
    let sim = closed();
    let disk = Disk::sim(sim.clone());
    let mut bytes = disk.read(&files(&sim, ".log")[0]).unwrap();
    bytes.pop();
    write(&sim, "00000000000000000000.log.swap", &bytes);
    write(&sim, "00000000000000000000.log.deleted", &bytes);
    assert_whole(&sim, Stop::Power);
    assert_eq!((files(&sim, ".swap").len(), files(&sim, ".deleted").len()), (1, 1), "nothing is given up");
}

#[test]
fn an_empty_or_missing_last_segment_is_only_an_end_that_comes_earlier() {
    for stop in [Stop::Process, Stop::Power] {
        for is_missing in [false, true] {
            let sim = written();
            let last = files(&sim, ".log").pop().unwrap();
            let disk = Disk::sim(sim.clone());
            match is_missing {
                true => disk.remove_file(&last).unwrap(),
                false => disk.open(&last, Open::ReadWrite).unwrap().set_len(0).unwrap(),
            }
            let mut log = open(&sim, small(), stop);
            let found = read_all(&log.reader()).unwrap();
            assert_eq!(found, expected(&batches(), 0)[..found.len()]);
            assert_eq!(append(&mut log, &batches()[..1]).0, found.last().unwrap().next);
        }
    }
}

#[test]
fn an_emptied_sealed_segment_is_told_after_any_stop() {
    for stop in STOPS {
        let sim = closed();
        let log_file = &files(&sim, ".log")[1];
        Disk::sim(sim.clone()).open(log_file, Open::ReadWrite).unwrap().set_len(0).unwrap();
        // Nothing is known of what was synced.
        let log = open(&sim, small(), stop);
        let [damage] = log.damage()[..] else { panic!("{:?}", log.damage()) };
        let reader = log.reader();
        assert!(matches!(
            reader.read(damage.segment, None, reader.end(), 1, true, Patience::Waits),
            Err(ReadError::Corrupt { .. })
        ));
        assert_eq!(reader.end().offset, Offset(24), "{stop:?}: later segments stay");
    }
}

#[test]
fn a_segment_under_another_name_and_overlapping_ones_lose_no_other_record() {
    let wanted = expected(&batches(), 0);
    for stop in STOPS {
        for name in ["00000000000000000002.log", "00000000000000000001.log", "00000000000000000003.log"] {
            let sim = closed();
            let disk = Disk::sim(sim.clone());
            let first = disk.read(&files(&sim, ".log")[0]).unwrap();
            write(&sim, name, &first);
            let log = open(&sim, small(), stop);
            let reader = log.reader();
            assert_eq!(reader.end().offset, Offset(24));
            for batch in wanted.iter().skip(8) {
                let slice =
                    reader.read(Offset(batch.base), None, reader.end(), 1, true, Patience::Waits).unwrap().unwrap();
                let mut bytes = Vec::new();
                slice.read_into(&mut bytes).unwrap();
                assert_eq!(bytes, batch.bytes, "{stop:?} {name}");
            }
            assert_eq!(disk.read(&path(name)).unwrap(), first, "it is kept");
        }
    }
}

#[test]
fn damage_is_copied_and_known_after_a_clean_start_too() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &batches());
    drop(log);
    let disk = Disk::sim(sim.clone());
    let log_file = files(&sim, ".log").remove(0);
    let (position, len) = (batches()[0].len(), batches()[1].len());
    disk.open(&log_file, Open::ReadWrite).unwrap().write_all_at(&[0xEE], (position + len - 1) as u64).unwrap();
    let bytes = disk.read(&log_file).unwrap()[position..position + len].to_vec();
    let wanted = [Damage { segment: Offset(0), position: position as u32, len: len as u32 }];
    let log = open(&sim, LogConfig::default(), Stop::Power);
    assert_eq!(log.damage(), wanted);
    let copy = format!("/data/quarantine/{NAME}/{:020}-{position}-{len}", 0);
    assert_eq!(disk.read(Path::new(&copy)).unwrap(), bytes);
    log.close().unwrap();
    for stop in STOPS {
        let log = open(&sim, LogConfig::default(), stop);
        assert_eq!(log.damage(), wanted, "{stop:?}");
        let reader = log.reader();
        assert!(matches!(
            reader.read(Offset(2), None, reader.end(), 1, true, Patience::Waits),
            Err(ReadError::Corrupt { .. })
        ));
        assert!(reader.read(Offset(4), None, reader.end(), 1, true, Patience::Waits).unwrap().is_some());
    }
    let sidecar = files(&sim, ".damage").remove(0);
    let text = disk.read(&sidecar).unwrap();
    for bit in 0..text.len() * 8 {
        let copy = sim.fork_after_process_crash();
        let flipped = [text[bit / 8] ^ (1 << (bit % 8))];
        Disk::sim(copy.clone())
            .open(&sidecar, Open::ReadWrite)
            .unwrap()
            .write_all_at(&flipped, bit as u64 / 8)
            .unwrap();
        assert_eq!(open(&copy, LogConfig::default(), Stop::Clean).damage(), wanted, "bit {bit}");
    }
}

/// KAFKA-13773: a start on a full disk was marked clean afterwards.
#[test]
fn a_full_disk_at_any_write_of_a_start_is_told_and_never_becomes_a_clean_stop() {
    let source = written();
    let kinds = [OpKind::Open, OpKind::Write, OpKind::SetLen, OpKind::Rename, OpKind::CreateDir, OpKind::Remove];
    for kind in kinds {
        for after in 0..40 {
            let sim = source.power_cut(Subset::Random(after)).fork_after_process_crash();
            let dir = log_dir(&sim);
            if dir.begin().is_err() || !dir.logs().unwrap().contains(&NAME.to_owned()) {
                continue;
            }
            sim.inject(Fault::next(kind, Failure::NoSpace).after(after).times(u64::MAX));
            let opened = Log::open(&dir, NAME, small(), Stop::Power);
            match &opened {
                Ok(_) => {}
                Err(OpenError::Io(error)) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
                    assert!(dir.mark_clean_shutdown().is_err(), "{kind:?} after {after}");
                    assert!(!dir.failed(), "{kind:?} after {after}: a full disk is no failure");
                }
                Err(error) => panic!("{error}"),
            }
            assert!(!Disk::sim(sim.clone()).exists(Path::new("/data/.kafka_cleanshutdown")).unwrap());
        }
    }
}

fn wanted_logs(count: usize) -> Vec<NewLog> {
    (0..count).map(|index| NewLog { name: format!("t-{index}"), topic_id: TOPIC_ID, config: small().into() }).collect()
}

fn opened(sim: &SimDisk, count: usize, stop: Stop) -> Vec<Result<Log, OpenError>> {
    opened_with(sim, count, stop, &small())
}

fn opened_with(sim: &SimDisk, count: usize, stop: Stop, config: &LogConfig) -> Vec<Result<Log, OpenError>> {
    let wanted: Vec<_> = wanted_logs(count).into_iter().map(|new| (new.name, config.clone().into())).collect();
    log_dir(sim).open_logs(&wanted, stop, 2, &|_| {})
}

/// Somebody asked that no more than so much is in the page cache only.
fn flushed() -> LogConfig {
    LogConfig { flush_messages: 1000, ..small() }
}

#[test]
fn many_logs_are_durable_when_they_are_created_and_when_they_are_opened() {
    for promises in [Promises::Posix, Promises::Ext4] {
        let sim = SimDisk::with_promises(promises);
        let dir = log_dir(&sim);
        dir.begin().unwrap();
        let logs = dir.create_logs(wanted_logs(7), 1);
        let mut logs: Vec<Log> = logs.into_iter().map(Result::unwrap).collect();
        let cut = sim.power_cut(Subset::None);
        assert!(opened(&cut, 7, Stop::Power).iter().all(Result::is_ok), "they were created durably");
        for log in &mut logs {
            append(log, &batches()[..3]);
        }
        drop(logs);
        let crashed = sim.fork_after_process_crash();
        let logs = opened_with(&crashed, 7, Stop::Process, &flushed());
        assert_eq!(log_dir(&crashed).begin().unwrap(), Stop::Process, "all are open");
        let after_cut = crashed.power_cut(Subset::None);
        for (log, again) in logs.into_iter().zip(opened(&after_cut, 7, Stop::Power)) {
            let found = read_all(&log.unwrap().reader()).unwrap();
            assert_eq!(found, expected(&batches()[..3], 0));
            assert_eq!(read_all(&again.unwrap().reader()).unwrap(), found, "what was served is durable");
        }
    }
}

#[test]
fn what_a_dead_process_left_in_the_page_cache_is_served_at_once_and_durable_after_the_next_flush() {
    for promises in [Promises::Posix, Promises::Ext4] {
        let sim = SimDisk::with_promises(promises);
        let dir = log_dir(&sim);
        // As each start does.
        dir.recovery_is_complete().unwrap();
        for log in dir.create_logs(wanted_logs(7), 1) {
            append(&mut log.unwrap(), &batches()[..3]);
        }
        let crashed = sim.fork_after_process_crash();
        let mut logs: Vec<Log> = opened(&crashed, 7, Stop::Process).into_iter().map(Result::unwrap).collect();
        for log in &mut logs {
            assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches()[..3], 0));
            assert_eq!(log.reader().durable_end().offset, Offset(0), "nobody has synced it");
            assert!(log.has_unflushed_roll(), "the next checkpoint has it flushed");
        }
        for log in opened(&crashed.power_cut(Subset::None), 7, Stop::Power) {
            assert_eq!(read_all(&log.unwrap().reader()).unwrap(), [], "as if the process had not died");
        }
        let (one_by_one, together) = logs.split_at_mut(3);
        one_by_one.iter_mut().for_each(|log| log.flush().unwrap());
        let begun: Vec<_> = together.iter().map(Log::begin_common_flush).collect();
        together[0].dir().sync_all().unwrap();
        together.iter_mut().zip(begun).for_each(|(log, flush)| log.end_flush(flush));
        for log in &logs {
            assert_eq!((log.reader().durable_end(), log.has_unflushed_roll()), (log.reader().end(), false));
        }
        for log in opened(&crashed.power_cut(Subset::None), 7, Stop::Power) {
            assert_eq!(read_all(&log.unwrap().reader()).unwrap(), expected(&batches()[..3], 0));
        }
    }
}

/// The next segment begins with a crash, and its name is in the page cache only.
#[test]
fn the_name_of_an_empty_segment_is_not_taken_for_durable_because_all_records_are() {
    for config in [small(), flushed()] {
        let sim = SimDisk::with_promises(Promises::Posix);
        let dir = log_dir(&sim);
        dir.begin().unwrap();
        let mut log = dir.create_logs(wanted_logs(7), 1).remove(0).unwrap();
        append(&mut log, &batches()[..2]);
        log.flush().unwrap();
        dir.write_checkpoints().unwrap();
        let end = log.reader().end().offset;
        drop(log);
        let crashed = sim.fork_after_process_crash();
        let next = Path::new("/data/t-0").join(format!("{:020}.log", end.0));
        Disk::sim(crashed.clone()).open(&next, Open::CreateNew).unwrap();
        let mut log = opened_with(&crashed, 7, Stop::Process, &config).remove(0).unwrap();
        assert_eq!(log.reader().end().offset, end);
        append(&mut log, &batches()[2..3]);
        log.flush().unwrap();
        let found = read_all(&log.reader()).unwrap();
        let again = opened(&crashed.power_cut(Subset::None), 7, Stop::Power).remove(0).unwrap();
        assert_eq!(read_all(&again.reader()).unwrap(), found, "what was flushed is durable");
    }
}

#[test]
fn a_failed_sync_of_many_logs_fails_the_directory_and_one_bad_log_only_itself() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    for log in dir.create_logs(wanted_logs(6), 1) {
        append(&mut log.unwrap(), &batches()[..2]);
    }
    let copy = sim.fork_after_process_crash();
    Disk::sim(copy.clone()).remove_dir_all(Path::new("/data/t-3")).unwrap();
    let logs = opened(&copy, 6, Stop::Power);
    assert_eq!(logs.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, false, true, true]);
    sim.inject(Fault::next(OpKind::SyncFilesystem, Failure::NoSpace));
    let failed = log_dir(&sim);
    let wanted: Vec<_> = wanted_logs(6).into_iter().map(|new| (new.name, new.config)).collect();
    let logs = failed.open_logs(&wanted, Stop::Power, 2, &|_| {});
    assert!(logs.iter().all(|log| matches!(log, Err(OpenError::Failed(_)))) && failed.failed());
    assert!(failed.mark_clean_shutdown().is_err());
}

#[test]
fn a_crash_while_many_logs_are_created_leaves_what_can_be_created_again() {
    let sim = SimDisk::new();
    let before = sim.op_count();
    drop(log_dir(&sim).create_logs(wanted_logs(5), 1));
    for crashed in sim.crash_points().skip(before) {
        for subset in [Subset::All, Subset::None, Subset::Random(1), Subset::Random(2)] {
            let logs = log_dir(&crashed.power_cut(subset)).create_logs(wanted_logs(5), 1);
            let mut logs: Vec<Log> = logs.into_iter().map(Result::unwrap).collect();
            logs.iter_mut().for_each(|log| assert_eq!(append(log, &batches()[..1]), Offset(0)));
        }
    }
}

/// R6: a crash at each operation of a recovery, and then another recovery.
#[test]
fn a_recovery_that_is_cut_at_any_operation_is_made_again_with_the_same_answer() {
    let states = std::env::var("OTTLA_CRASH_STATES").ok().and_then(|text| text.parse().ok()).unwrap_or(400_u64);
    let source = written();
    source.forget_history();
    let rounds = (states / 100).max(4);
    for seed in 0..rounds {
        for (stop, config) in [(Stop::Process, small()), (Stop::Process, flushed()), (Stop::Power, small())] {
            let served = |sim: &SimDisk, stop: Stop| served(sim, &config, stop);
            let sim = match stop {
                Stop::Power => source.power_cut(Subset::Random(seed)),
                _ => torn(&source, seed),
            };
            if !Disk::sim(sim.clone()).exists(&path("")).unwrap() {
                continue;
            }
            log_dir(&sim);
            sim.forget_history();
            let whole = sim.fork_after_process_crash();
            let wanted = served(&whole, stop);
            let _ = served(&sim, stop);
            for crashed in sim.crash_points() {
                assert!(served(&crashed.fork_after_process_crash(), stop) == wanted, "seed {seed}, {stop:?}");
                let cut = crashed.power_cut(Subset::Random(seed));
                if stop == Stop::Power {
                    assert!(served(&cut, Stop::Power) == wanted, "seed {seed}, {stop:?}");
                }
            }
            let again = served(&sim.power_cut(Subset::None), Stop::Power);
            if stop == Stop::Process && config == small() {
                assert!(wanted.starts_with(&again), "seed {seed}: what is left is a beginning");
            } else {
                assert!(again == wanted, "seed {seed}, {stop:?}: it was served");
            }
        }
    }
}

/// The disk after the death of a process within a write.
fn torn(source: &SimDisk, seed: u64) -> SimDisk {
    let sim = source.fork_after_process_crash();
    let last = files(&sim, ".log").pop().unwrap();
    let file = Disk::sim(sim.clone()).open(&last, Open::ReadWrite).unwrap();
    file.set_len(file.len().unwrap() - seed % 60).unwrap();
    sim
}

/// The bytes of each batch that can be read.
fn served(sim: &SimDisk, config: &LogConfig, stop: Stop) -> Vec<Vec<u8>> {
    let log = open(sim, config.clone(), stop);
    let reader = log.reader();
    let mut found = Vec::new();
    for offset in 0..reader.end().offset.0 {
        if let Ok(Some(slice)) = reader.read(Offset(offset), None, reader.end(), 1, true, Patience::Waits) {
            let mut bytes = Vec::new();
            slice.read_into(&mut bytes).unwrap();
            found.push(bytes);
        }
    }
    found
}
