//! What is there after a stop.

use host::{Disk, Open, SimDisk};
use record::{Compression, Offset, Uuid};

use super::support::*;
use crate::{AppendOutcome, Damage, Log, LogConfig, ReadError, Stop};

fn batches() -> Vec<Vec<u8>> {
    (0..12).map(|index| batch(Compression::None, &[index, index + 1], 20 + index as usize)).collect()
}

fn written(stop: Stop) -> SimDisk {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &batches());
    if stop == Stop::Clean {
        log.close().unwrap()
    } else {
        drop(log)
    }
    sim
}

#[test]
fn everything_is_there_after_either_stop_and_appends_go_on() {
    for stop in [Stop::Clean, Stop::Power] {
        let sim = written(stop);
        let mut log = open(&sim, small(), stop);
        assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches(), 0));
        assert_eq!(append(&mut log, &batches()), Offset(24));
        drop(log);
        let log = open(&sim, small(), Stop::Power);
        assert_eq!(read_all(&log.reader()).unwrap(), expected(&[batches(), batches()].concat(), 0), "{stop:?}");
    }
}

#[test]
fn a_clean_stop_is_believed_and_reads_no_bodies() {
    let sim = written(Stop::Clean);
    let log_file = files(&sim, ".log").pop().unwrap();
    let dir = log_dir(&sim);
    let ops = sim.op_count();
    Log::open(&dir, NAME, small(), Stop::Clean).unwrap();
    assert_eq!(sim.op_count(), ops, "nothing is written");
    // A flipped body byte is found by recovery only.
    let disk = Disk::sim(sim.clone());
    let last = disk.metadata_len(&log_file).unwrap() - 1;
    disk.open(&log_file, Open::ReadWrite).unwrap().write_all_at(&[0xEE], last).unwrap();
    let end = |stop| open(&sim.fork_after_process_crash(), small(), stop).reader().end().offset;
    assert_eq!((end(Stop::Clean), end(Stop::Power)), (Offset(24), Offset(22)));
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_its_offsets_are_given_again() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &batches()[..3]);
    drop(log);
    let path = files(&sim, ".log").pop().unwrap();
    let len = Disk::sim(sim.clone()).metadata_len(&path).unwrap();
    let last = batches()[2].len() as u64;
    for torn in (len - last)..len {
        for garbage in [0, 100] {
            let copy = sim.fork_after_process_crash();
            let file = Disk::sim(copy.clone()).open(&path, Open::ReadWrite).unwrap();
            file.set_len(torn).unwrap();
            file.write_all_at(&vec![0xA5; garbage], torn).unwrap();
            let mut log = open(&copy, LogConfig::default(), Stop::Power);
            assert_eq!(log.damage(), []);
            assert_eq!(append(&mut log, &batches()[2..]), Offset(4), "torn at {torn}");
            assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches(), 0), "torn at {torn}");
        }
    }
}

#[test]
fn damage_with_batches_after_it_is_kept_and_reading_it_is_an_error() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &batches());
    drop(log);
    let wanted = expected(&batches(), 0);
    let path = files(&sim, ".log").pop().unwrap();
    let victim = 4;
    let position: usize = wanted[..victim].iter().map(|batch| batch.bytes.len()).sum();
    for at in 0..wanted[victim].bytes.len() {
        // The stamp's leader epoch is in no checksum.
        if (12..16).contains(&at) {
            continue;
        }
        let copy = sim.fork_after_process_crash();
        let byte = wanted[victim].bytes[at] ^ 0x55;
        let file = Disk::sim(copy.clone()).open(&path, Open::ReadWrite).unwrap();
        file.write_all_at(&[byte], (position + at) as u64).unwrap();
        let log = open(&copy, LogConfig::default(), Stop::Power);
        let len = wanted[victim].bytes.len() as u32;
        assert_eq!(log.damage(), [Damage { segment: Offset(0), position: position as u32, len }], "byte {at}");
        let reader = log.reader();
        for (index, batch) in wanted.iter().enumerate() {
            let read = reader.read(Offset(batch.base), None, reader.end(), 1, true, Patience::Waits);
            match index == victim {
                true => assert!(matches!(read, Err(ReadError::Corrupt { .. })), "byte {at}"),
                false => {
                    let mut bytes = Vec::new();
                    read.unwrap().unwrap().read_into(&mut bytes).unwrap();
                    assert_eq!(bytes, batch.bytes, "byte {at}");
                }
            }
        }
        let before = reader.read(Offset(0), None, reader.end(), u32::MAX, true, Patience::Waits).unwrap().unwrap();
        assert_eq!(before.len, position as u32, "a slice ends before the damage");
    }
}

#[test]
fn a_sealed_segment_that_lost_its_end_is_no_silent_gap() {
    let sim = written(Stop::Power);
    let path = files(&sim, ".log").remove(0);
    let disk = Disk::sim(sim.clone());
    let len = disk.metadata_len(&path).unwrap();
    disk.open(&path, Open::ReadWrite).unwrap().set_len(len - 10).unwrap();
    let log = open(&sim, small(), Stop::Power);
    let [damage] = log.damage()[..] else { panic!("{:?}", log.damage()) };
    assert_eq!(damage.segment, Offset(0));
    let reader = log.reader();
    let next = expected(&batches(), 0).into_iter().find(|batch| {
        matches!(
            reader.read(Offset(batch.base), None, reader.end(), 1, true, Patience::Waits),
            Err(ReadError::Corrupt { .. })
        )
    });
    assert_eq!(reader.end().offset, Offset(24));
    let next = next.expect("the lost batch is an error");
    assert!(reader.read(Offset(next.next), None, reader.end(), 1, true, Patience::Waits).unwrap().is_some());
}

#[test]
fn the_window_of_each_producer_survives_either_stop() {
    for stop in [Stop::Clean, Stop::Power] {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        for index in 0..9 {
            append(&mut log, &[sequenced(1, 0, index * 2, 2), sequenced(2, 3, index, 1)]);
        }
        if stop == Stop::Clean {
            log.close().unwrap()
        } else {
            drop(log)
        }
        let mut log = open(&sim, small(), stop);
        let again: Vec<_> = (4..9).map(|index| sequenced(1, 0, index * 2, 2)).collect();
        let known =
            (4..9).map(|index| AppendOutcome::Duplicate { base_offset: Offset(i64::from(index) * 3), timestamp: NOW });
        assert_eq!(try_append(&mut log, &again).unwrap(), known.collect::<Vec<_>>(), "{stop:?}");
        let others =
            try_append(&mut log, &[sequenced(1, 0, 6, 2), sequenced(2, 2, 9, 1), sequenced(2, 3, 9, 1)]).unwrap();
        assert!(matches!(others[0], AppendOutcome::Rejected(crate::SequenceError::OutOfOrder { .. })), "{others:?}");
        assert!(matches!(others[1], AppendOutcome::Rejected(crate::SequenceError::StaleEpoch { .. })), "{others:?}");
        assert_eq!(others[2], AppendOutcome::Appended { base_offset: Offset(27) });
    }
}

#[test]
fn checkpoints_and_snapshots_may_be_garbage() {
    for name in ["leader-epoch-checkpoint", ".snapshot", ".windows", "partition.metadata"] {
        for stop in [Stop::Clean, Stop::Power] {
            let sim = written(stop);
            for path in files(&sim, name) {
                let file = Disk::sim(sim.clone()).open(&path, Open::ReadWrite).unwrap();
                file.set_len(0).unwrap();
                file.write_all_at(b"\0\xFFgarbage", 0).unwrap();
            }
            let log = open(&sim, small(), stop);
            assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches(), 0), "{name} {stop:?}");
        }
    }
}

#[test]
fn a_deleted_log_is_renamed_and_its_name_is_free() {
    let sim = written(Stop::Clean);
    let dir = log_dir(&sim);
    let log = Log::open(&dir, NAME, small(), Stop::Clean).unwrap();
    let reader = log.reader();
    let path = log.mark_deleted().unwrap();
    assert_eq!(path.to_str().unwrap(), format!("/data/{NAME}.{}-delete", "07".repeat(16)));
    assert_eq!(dir.deleted_logs().unwrap(), std::slice::from_ref(&path));
    assert_eq!(read_all(&reader).unwrap(), expected(&batches(), 0), "a reader that was there goes on");
    assert_eq!(dir.topic_id(NAME).unwrap(), None);
    let log = Log::create(&dir, NAME, Uuid([8; 16]), small()).unwrap();
    assert_eq!((log.reader().end().offset, dir.topic_id(NAME).unwrap()), (Offset(0), Some(Uuid([8; 16]))));
    dir.disk().remove_dir_all(&path).unwrap();
    assert!(dir.deleted_logs().unwrap().is_empty());
}

/// A compressed batch is not opened, so its header may claim the most offsets that a segment can hold.
#[test]
fn the_last_offset_that_fits_a_segment_survives_a_hard_stop() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    let one = batch(Compression::Gzip, &[1], 10);
    append(&mut log, &[claiming(&one, i32::MAX), batch(Compression::None, &[2], 10)]);
    let end = log.reader().end();
    assert_eq!(end.offset, Offset(1 << 31));
    drop(log);
    assert_eq!(open(&sim, LogConfig::default(), Stop::Power).reader().end(), end);
}

/// The batch with another record count in its header.
fn claiming(batch: &[u8], record_count: i32) -> Vec<u8> {
    let (header, body) = batch.split_first_chunk::<{ record::HEADER_LEN }>().unwrap();
    let mut header = record::BatchHeader {
        record_count,
        last_offset_delta: record_count - 1,
        ..record::BatchHeader::decode(header)
    };
    let crc_covers_from = 21;
    header.crc = record::crc32c(&[&header.encode()[crc_covers_from..], body].concat());
    [&header.encode()[..], body].concat()
}
