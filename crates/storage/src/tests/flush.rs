//! What a flush makes durable, and when one is due.

use host::sim::{Failure, Fault, OpKind, Subset};
use host::{Disk, SimDisk};
use record::{Compression, Offset, Timestamp};

use super::support::*;
use crate::{CloseError, LogConfig, Stop};

fn one() -> Vec<Vec<u8>> {
    vec![batch(Compression::None, &[1, 2], 40)]
}

fn later(ms: i64) -> Timestamp {
    Timestamp(NOW.0 + ms)
}

#[test]
fn a_flush_publishes_what_was_appended_before_it_began() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig { flush_messages: 1, ..LogConfig::default() });
    let reader = log.reader();
    append(&mut log, &one());
    let flush = log.begin_flush().unwrap();
    flush.run().unwrap();
    append(&mut log, &one());
    assert_eq!(reader.durable_end().offset, Offset(0), "not before it is published");
    log.end_flush(flush);
    assert_eq!((reader.durable_end().offset, reader.end().offset), (Offset(2), Offset(4)));
    let visible = |flush_messages| reader.visible_end(&LogConfig { flush_messages, ..LogConfig::default() }).offset;
    assert_eq!((visible(1), visible(2)), (Offset(2), Offset(4)));
    let cut = sim.power_cut(Subset::None);
    assert_eq!(read_all(&open(&cut, LogConfig::default(), Stop::Power).reader()).unwrap(), expected(&one(), 0));
}

#[test]
fn flushes_that_end_in_another_order_never_take_the_durable_end_back() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &one());
    let first = log.begin_flush().unwrap();
    append(&mut log, &vec![one(); 8].concat());
    let second = log.begin_flush().unwrap();
    second.run().unwrap();
    log.end_flush(second);
    first.run().unwrap();
    log.end_flush(first);
    assert_eq!(log.reader().durable_end(), log.reader().end());
    assert!(!log.flush_due(later(1 << 40)));
}

#[test]
fn an_append_never_syncs_and_a_roll_is_known_until_it_is_flushed() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &one());
    for kind in [OpKind::Sync, OpKind::SyncDir] {
        sim.inject(Fault::next(kind, Failure::Io).times(u64::MAX));
    }
    while files(&sim, ".log").len() < 2 {
        assert!(!log.has_unflushed_roll());
        append(&mut log, &one());
    }
    assert!(log.has_unflushed_roll());
    assert!(matches!(log.flush(), Err(CloseError::Io(_))));
}

#[test]
fn a_flush_covers_the_segments_that_were_sealed_and_the_names_of_new_ones() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    let batches = vec![one(); 20].concat();
    append(&mut log, &batches);
    assert!(files(&sim, ".log").len() > 3);
    log.flush().unwrap();
    assert!(!log.has_unflushed_roll());
    let found = read_all(&open(&sim.power_cut(Subset::None), small(), Stop::Power).reader()).unwrap();
    assert_eq!(found, expected(&batches, 0));
}

#[test]
fn flush_messages_and_flush_ms_make_a_flush_due() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig { flush_messages: 5, flush_ms: 100, ..LogConfig::default() });
    assert!(!log.flush_due(later(1000)), "nothing was appended");
    append(&mut log, &one());
    assert!(!log.flush_due(later(99)) && log.flush_due(later(100)));
    assert!(log.flush_due(later(-1)), "the clock went back");
    append(&mut log, &[one(), one()].concat());
    assert!(log.flush_due(NOW), "six messages");
    log.flush().unwrap();
    assert!(!log.flush_due(later(1000)));
    append(&mut log, &one());
    let flush = log.begin_flush().unwrap();
    log.append(&[produced(&one()[0])], EPOCH, later(50), &mut crate::Outcomes::new()).unwrap();
    flush.run().unwrap();
    log.end_flush(flush);
    assert!(log.flush_due(later(150)), "what came after the flush began is as old as that");
    log.set_config(LogConfig::default());
    assert!(!log.flush_due(later(1 << 40)));
}

#[test]
fn a_failed_sync_is_the_end_of_the_directory_even_when_it_says_that_there_is_no_room() {
    for failure in [Failure::Io, Failure::NoSpace] {
        let sim = SimDisk::new();
        let mut log = create(&sim, LogConfig::default());
        append(&mut log, &one());
        let flush = log.begin_flush().unwrap();
        sim.inject(Fault::next(OpKind::Sync, failure));
        assert!(matches!(flush.run(), Err(CloseError::Io(_))));
        assert!(matches!(flush.run(), Err(CloseError::Failed(_))), "it is not tried again");
        assert!(matches!(log.flush(), Err(CloseError::Failed(_))));
        assert_eq!(log.reader().durable_end().offset, Offset(0));
        assert!(try_append(&mut log, &one()).is_err());
    }
}

#[test]
fn recovery_does_not_look_below_what_was_flushed_and_never_trusts_what_was_not() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let mut log = crate::Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    append(&mut log, &vec![one(); 6].concat());
    log.flush().unwrap();
    append(&mut log, &vec![one(); 6].concat());
    dir.write_checkpoints().unwrap();
    let text = Disk::sim(sim).read(std::path::Path::new("/data/recovery-point-offset-checkpoint")).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), "0\n1\norders 3 12\n");
}
