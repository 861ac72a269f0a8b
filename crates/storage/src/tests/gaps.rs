//! A power cut takes a write and leaves later ones. A consumer at such a gap was told for ever that the log is damaged there,
//! though nobody had promised what lay behind it.

use std::path::{Path, PathBuf};

use host::sim::Subset;
use host::{Disk, Open, SimDisk};
use record::{BatchBuilder, Compression, HEADER_LEN, Offset, Timestamp};

use super::support::*;
use crate::{Log, LogConfig, Stop};

const SECTOR: u64 = 512;

fn batches(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|index| batch(Compression::None, &[1], 100 + index)).collect()
}

/// Segments of a few batches each, the first two of which were flushed; what was flushed is in the checkpoint.
fn written(config: LogConfig, count: usize) -> SimDisk {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let mut log = Log::create(&dir, NAME, TOPIC_ID, config).unwrap();
    let batches = batches(count);
    append(&mut log, &batches[..2]);
    log.flush().unwrap();
    dir.write_checkpoints().unwrap();
    batches[2..].iter().for_each(|bytes| _ = append(&mut log, std::slice::from_ref(bytes)));
    sim
}

fn log_file(sim: &SimDisk, segment: usize) -> host::File {
    Disk::sim(sim.clone()).open(&files(sim, ".log")[segment], Open::ReadWrite).unwrap()
}

/// The log is the first `kept` batches, without damage, and takes more; also after another start and a power cut.
fn assert_ends_after(sim: &SimDisk, config: &LogConfig, kept: usize, what: &str) {
    let wanted = expected(&batches(kept), 0);
    let mut sim = sim.clone();
    for stop in [Stop::Power, Stop::Process, Stop::Power] {
        let log = open(&sim, config.clone(), stop);
        assert_eq!(log.damage(), [], "{what}");
        assert!(read_all(&log.reader()).unwrap() == wanted, "{what}: ends at {}", log.reader().end().offset);
        drop(log);
        sim = sim.power_cut(Subset::None);
    }
    let mut log = open(&sim, config.clone(), Stop::Power);
    assert_eq!(append(&mut log, &batches(1)), Offset(kept as i64), "{what}");
}

/// What is left of the first segment, which has lost its end.
fn shorten(sim: &SimDisk, how: &str) {
    let (file, last) = (log_file(sim, 0), batches(3)[2].len() as u64);
    let len = file.len().unwrap();
    match how {
        "nothing" => file.set_len(len - last).unwrap(),
        "zeros" => file.write_all_at(&vec![0; last as usize], len - last).unwrap(),
        "a header before zeros" => {
            file.write_all_at(&vec![0; last as usize - HEADER_LEN], len - last + HEADER_LEN as u64).unwrap()
        }
        _ => unreachable!("no such case"),
    }
}

#[test]
fn a_log_ends_where_an_unsynced_segment_lost_its_end() {
    for how in ["nothing", "zeros", "a header before zeros"] {
        let config = small();
        let sim = written(config.clone(), 12);
        assert_eq!(files(&sim, ".log").len(), 4, "three batches each, at least");
        let first = Disk::sim(sim.clone()).metadata_len(&files(&sim, ".log")[0]).unwrap();
        assert_eq!(first, batches(3).iter().map(|bytes| bytes.len() as u64).sum::<u64>());
        shorten(&sim, how);
        assert_ends_after(&sim, &config, 2, how);
    }
}

#[test]
fn a_log_ends_where_a_write_in_an_unsynced_segment_never_arrived() {
    for segments in [1, 2] {
        let config = LogConfig { segment_bytes: 600 * 8 / segments, ..small() };
        let sim = written(config.clone(), 20);
        let batches = batches(4);
        let position: usize = batches[..3].iter().map(Vec::len).sum();
        log_file(&sim, 0).write_all_at(&vec![0; batches[3].len()], position as u64).unwrap();
        assert_ends_after(&sim, &config, 3, &format!("{segments} segments"));
    }
}

#[test]
fn a_torn_batch_at_the_end_of_an_unsynced_segment_ends_the_log_where_a_sector_ends() {
    for (lost_bytes, is_damage) in [(0, false), (1, true)] {
        let config = LogConfig { segment_bytes: 1400, ..small() };
        let sim = written(config.clone(), 12);
        let file = log_file(&sim, 0);
        file.set_len(2 * SECTOR - lost_bytes).unwrap();
        let log = open(&sim, config, Stop::Power);
        assert_eq!(!log.damage().is_empty(), is_damage, "{lost_bytes}");
        assert_eq!(log.reader().end().offset < Offset(12), !is_damage, "{lost_bytes}");
    }
}

#[test]
fn a_start_that_closes_a_gap_may_be_cut_short_anywhere() {
    let sim = written(small(), 12);
    shorten(&sim, "nothing");
    let before = sim.op_count();
    drop(open(&sim, small(), Stop::Power));
    assert!(sim.op_count() > before + 9, "three segments of three files went");
    for (ops, crashed) in sim.crash_points().enumerate().skip(before) {
        for subset in [Subset::None, Subset::All] {
            assert_ends_after(&crashed.power_cut(subset), &small(), 2, &format!("after {ops} operations, {subset:?}"));
        }
    }
}

/// The files in quarantine, by name.
fn quarantined(sim: &SimDisk) -> Vec<(String, Vec<u8>)> {
    let (disk, dir) = (Disk::sim(sim.clone()), Path::new("/data/quarantine").join(NAME));
    let entries = disk.read_dir(&dir).unwrap_or_default();
    entries.into_iter().map(|entry| (entry.name.clone(), disk.read(&dir.join(&entry.name)).unwrap())).collect()
}

fn contents(sim: &SimDisk, paths: &[PathBuf]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| Disk::sim(sim.clone()).read(path).unwrap()).collect()
}

#[test]
fn what_lies_behind_a_gap_is_kept_in_quarantine_also_the_second_time() {
    let sim = written(small(), 12);
    let mut wanted = Vec::new();
    for (time, end) in [(1, ""), (2, ".2")] {
        shorten(&sim, "zeros");
        let behind = contents(&sim, &files(&sim, ".log")[1..]);
        let (all, kept) = (expected(&batches(3), 0), expected(&batches(2), 0));
        let bytes = |batches: &[Expected]| batches.iter().map(|batch| batch.bytes.len()).sum::<usize>();
        let tail = bytes(&all) - bytes(&kept);
        let mut log = open(&sim, small(), Stop::Power);
        assert_eq!(log.reader().end().offset, Offset(2));
        let names = [3, 6, 9].map(|base| format!("{base:020}{end}.log"));
        wanted.extend(names.into_iter().zip(behind));
        if time == 1 {
            // The second time it is the same, and need not be there twice.
            wanted.push((format!("{:020}-{}-{tail}", 0, bytes(&kept)), vec![0; tail]));
        }
        wanted.sort();
        assert!(
            quarantined(&sim) == wanted,
            "{:?}",
            quarantined(&sim).iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
        // Other bytes under the same names. The checkpoint does not know yet what that start has synced.
        (2..12).for_each(|index| _ = append(&mut log, &[batch(Compression::None, &[1 + time], 100 + index)]));
    }
}

#[test]
fn a_start_that_is_cut_short_anywhere_keeps_what_lies_behind_a_gap() {
    let sim = written(small(), 12);
    shorten(&sim, "nothing");
    let behind = contents(&sim, &files(&sim, ".log")[1..]);
    Disk::sim(sim.clone()).sync_filesystem(Path::new("/data")).unwrap();
    let before = sim.op_count();
    drop(open(&sim, small(), Stop::Power));
    for (ops, crashed) in sim.crash_points().enumerate().skip(before) {
        for subset in crashed.subsets(4) {
            let cut = crashed.power_cut(subset);
            drop(open(&cut, small(), Stop::Power));
            let kept: Vec<_> = quarantined(&cut).into_iter().map(|(_, bytes)| bytes).collect();
            assert!(kept == behind, "after {ops} operations, {subset:?}");
        }
    }
}

/// A batch of one record of so many bytes, none of them zero.
fn dense(len: usize) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.append(Timestamp(1), None, Some(&vec![b'x'; len]), &[]);
    builder.build()
}

/// Such a batch whose bytes in the log are so many.
fn dense_of_total(total: usize) -> Vec<u8> {
    (total - 100..total).map(dense).find(|batch| batch.len() == total).unwrap()
}

/// Three segments with so many batches of so many bytes each. Of the first batch the checkpoint knows that it was flushed.
fn written_dense(total: usize, in_segment: usize) -> (SimDisk, LogConfig) {
    let config = LogConfig { segment_bytes: (in_segment * total) as u32, ..LogConfig::default() };
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let mut log = Log::create(&dir, NAME, TOPIC_ID, config.clone()).unwrap();
    append(&mut log, &[dense_of_total(total)]);
    log.flush().unwrap();
    dir.write_checkpoints().unwrap();
    (1..3 * in_segment).for_each(|_| _ = append(&mut log, &[dense_of_total(total)]));
    assert_eq!(files(&sim, ".log").len(), 3);
    (sim, config)
}

#[test]
fn a_block_that_never_arrived_is_a_gap_wherever_in_a_batch_it_begins() {
    // How long the batches are, where so many bytes were lost, and which batch they begin in.
    for (total, in_segment, from, lost, kept) in [
        (3080, 4, 8192, 512, 2),  // in the records
        (3080, 4, 8192, 4096, 2), // in the records, and the last batch of the segment went, too
        (4086, 4, 8192, 512, 2),  // in the header, 20 bytes of which are there
        (4089, 4, 8192, 512, 2),  // in the header, 14 bytes of which are there, and do not say that it is one
        (4093, 4, 8192, 4096, 2), // in the first field, 6 bytes of which are there
        (300, 8, 1024, 512, 3),   // in the second half of a small batch
        (3080, 4, 9728, 512, 3),  // in the last batch of a segment, whose end is there
        (3280, 4, 12288, 832, 3), // in the last batch of a segment, up to its end
    ] {
        let (sim, config) = written_dense(total, in_segment);
        let before = log_file(&sim, 0).len().unwrap();
        log_file(&sim, 0).write_all_at(&vec![0; lost], from).unwrap();
        assert_eq!(log_file(&sim, 0).len().unwrap(), before);
        let log = open(&sim, config, Stop::Power);
        let context = format!("batches of {total}, {lost} bytes lost from {from} on");
        assert_eq!((log.damage(), log.reader().end().offset), (vec![], Offset(kept)), "{context}");
        assert_eq!(read_all(&log.reader()).unwrap().len() as i64, kept, "{context}");
    }
}

#[test]
fn what_no_lost_sector_explains_is_damage() {
    let cases: [(&str, u64, Vec<u8>); 5] = [
        ("a flipped bit", 8000, vec![b'x' ^ 1]),
        ("a flipped bit at the end of a segment", 11_000, vec![b'x' ^ 1]),
        ("zeros that are no sector", 7169, vec![0; 1000]),
        ("another sector's content", 7168, vec![b'y'; 512]),
        ("another offset before zeros", 2 * 3080, [&77i64.to_be_bytes()[..], &[0; 1000]].concat()),
    ];
    for (what, position, bytes) in cases {
        let (sim, config) = written_dense(3080, 4);
        log_file(&sim, 0).write_all_at(&bytes, position).unwrap();
        let log = open(&sim, config, Stop::Power);
        assert_eq!((log.damage().len(), log.reader().end().offset), (1, Offset(12)), "{what}");
    }
}

/// Kafka's cleaner shortens segments, too.
#[test]
fn a_gap_that_another_program_or_compaction_may_have_left_is_damage() {
    let compacted = LogConfig { is_compacted: true, ..small() };
    for (config, stop) in [(small(), Stop::Unknown), (compacted, Stop::Power)] {
        for how in ["nothing", "zeros"] {
            let sim = written(config.clone(), 12);
            shorten(&sim, how);
            let log = open(&sim, config.clone(), stop);
            assert_eq!((log.damage().len(), log.reader().end().offset), (1, Offset(12)), "{stop:?}, {how}");
        }
    }
}

#[test]
fn a_gap_below_the_start_of_the_log_takes_nothing_above_it() {
    let config = LogConfig { segment_bytes: 600 * 4, ..small() };
    // The batches of offsets 3 and 4 are lost: below the start, above it, and around it.
    for (start, end) in [(5, 20), (3, 3), (4, 4)] {
        let sim = written(config.clone(), 20);
        let batches = batches(20);
        let position: usize = batches[..3].iter().map(Vec::len).sum();
        let lost = batches[3].len() + batches[4].len();
        log_file(&sim, 0).write_all_at(&vec![0; lost], position as u64).unwrap();
        let dir = log_dir(&sim);
        dir.note_log_start_offset(NAME, Offset(start)).unwrap();
        dir.write_checkpoints().unwrap();
        let log = open(&sim, config.clone(), Stop::Power);
        assert_eq!(log.reader().end().offset, Offset(end), "a start at {start}");
        let wanted = expected(&batches, 0)[start as usize..end as usize].to_vec();
        assert!(read_all(&log.reader()).unwrap() == wanted, "a start at {start}");
    }
}

#[test]
fn a_log_that_is_younger_than_the_checkpoint_was_synced_up_to_nothing() {
    for (checkpoint, kept) in [("as it was", 2), ("garbage", 12), ("none", 12)] {
        let sim = SimDisk::new();
        let dir = log_dir(&sim);
        dir.begin().unwrap();
        dir.recovery_is_complete().unwrap();
        let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
        append(&mut log, &batches(12));
        drop(log);
        shorten(&sim, "nothing");
        let (disk, path) = (Disk::sim(sim.clone()), Path::new("/data/recovery-point-offset-checkpoint"));
        match checkpoint {
            "garbage" => disk.write_atomic(path, b"0\n1\n").unwrap(),
            "none" => disk.remove_file(path).unwrap(),
            _ => {}
        }
        let log = open(&sim, small(), Stop::Power);
        assert_eq!(
            (log.damage().len(), log.reader().end().offset),
            (usize::from(kept == 12), Offset(kept)),
            "{checkpoint}"
        );
    }
}

/// Whatever lies behind it stays, as after damage anywhere.
#[test]
fn a_gap_in_what_was_synced_is_damage() {
    let synced = |dir: &crate::LogDir, log: &mut Log| {
        log.flush().unwrap();
        dir.write_checkpoints().unwrap();
    };
    type Prepare<'p> = &'p dyn Fn(&crate::LogDir, &mut Log);
    let cases: [(Prepare<'_>, Stop); 3] =
        [(&synced, Stop::Power), (&|_, _| (), Stop::Process), (&|_, _| (), Stop::Clean)];
    for (prepare, stop) in cases {
        let sim = SimDisk::new();
        let dir = log_dir(&sim);
        let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
        append(&mut log, &batches(12));
        prepare(&dir, &mut log);
        drop(log);
        shorten(&sim, "nothing");
        let log = open(&sim, small(), stop);
        assert_eq!((log.damage().len(), log.reader().end().offset), (1, Offset(12)), "{stop:?}");
    }
}

#[test]
fn a_segment_is_on_disk_before_the_next_one_begins_where_acknowledged_means_on_disk() {
    for flush_messages in [1, 2] {
        let config = LogConfig { flush_messages, ..small() };
        let sim = written(config.clone(), 12);
        let cut = sim.power_cut(Subset::None);
        let log = open(&cut, config, Stop::Power);
        let kept = if flush_messages == 1 { 9 } else { 2 };
        assert_eq!((log.damage(), log.reader().end().offset), (vec![], Offset(kept)), "{flush_messages}");
    }
}
