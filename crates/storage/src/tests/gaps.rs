//! A power cut takes a write and leaves later ones. A consumer at such a gap was told for ever that the log is damaged there,
//! though nobody had promised what lay behind it.

use host::sim::Subset;
use host::{Disk, Open, SimDisk};
use record::{Compression, HEADER_LEN, Offset};

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
