use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::task::Context;

use host::sim::{Failure, Fault, OpKind};
use host::{Disk, Pool, SimDisk};
use net::wake::Wake;
use record::{BatchBuilder, Compression, Uuid};
use storage::LogDir;

use super::*;
use crate::metrics::Metrics;

const NOW: Timestamp = Timestamp(1_000_000);

/// A partition with the threads that flush it.
struct Fixture {
    /// Keeps the only flush thread busy. Goes before the pool, which waits for its threads.
    held: Option<mpsc::SyncSender<()>>,
    partition: Arc<Partition>,
    _pool: Arc<Pool>,
}

impl std::ops::Deref for Fixture {
    type Target = Arc<Partition>;

    fn deref(&self) -> &Arc<Partition> {
        &self.partition
    }
}

fn partition(sim: &SimDisk, topic: TopicConfig, pool: Pool) -> Fixture {
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/data")).unwrap();
    let dir = Arc::new(LogDir::new(disk, PathBuf::from("/data")));
    let log = Log::create(&dir, "t-0", Uuid([7; 16]), topic.log_config()).unwrap();
    let pool = Arc::new(pool);
    let partition = Partition::new(
        PartitionIndex(0),
        LeaderEpoch(0),
        Settings::of(topic),
        log,
        Flushing::new(&pool, Metrics::new(host::Clock::real())),
    );
    Fixture { held: None, partition: Arc::new(partition), _pool: pool }
}

fn flush_messages(flush_messages: i64) -> TopicConfig {
    TopicConfig { flush_messages, ..TopicConfig::default() }
}

/// Appends a batch of so many records; returns what its acknowledgement waits for.
fn append(partition: &Arc<Partition>, records: usize) -> Offset {
    let mut builder = BatchBuilder::new(Compression::None);
    (0..records).for_each(|_| _ = builder.append(NOW, None, Some(b"value"), &[]));
    let bytes = builder.build();
    let batch = record::validate(&bytes, &partition.rules(NOW)).unwrap();
    partition.append(&[batch], NOW, &mut storage::Outcomes::new()).unwrap()
}

/// A partition whose only flush thread is busy until `held` is dropped.
fn held_partition(sim: &SimDisk, topic: TopicConfig) -> Fixture {
    let pool = Pool::new("held", 1).unwrap();
    let (release, held) = mpsc::sync_channel::<()>(1);
    pool.run(Box::new(move || _ = held.recv()));
    Fixture { held: Some(release), ..partition(sim, topic, pool) }
}

/// A waiter that sends when it is woken.
struct Bell(mpsc::SyncSender<()>, AtomicUsize);

impl std::task::Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        let _ = self.0.try_send(());
    }
}

fn bell() -> (Arc<Bell>, mpsc::Receiver<()>) {
    let (sender, receiver) = mpsc::sync_channel(1);
    (Arc::new(Bell(sender, AtomicUsize::new(0))), receiver)
}

fn register(waiters: &Waiters, beyond: Offset, bell: &Arc<Bell>) {
    let waker = Arc::clone(bell).into();
    waiters.register(beyond, Wake::of(&Context::from_waker(&waker)));
}

fn is_durable(partition: &Partition, until: Offset) -> Option<bool> {
    partition.durability(until).map(|durable| durable.is_ok())
}

#[test]
fn in_the_page_cache_nothing_waits_and_nothing_is_synced() {
    let sim = SimDisk::new();
    let partition = partition(&sim, TopicConfig::default(), Pool::inline());
    // The first batch of an epoch syncs the epochs' checkpoint.
    append(&partition, 1);
    sim.inject(Fault::next(OpKind::Sync, Failure::Io));
    let until = append(&partition, 2);
    assert_eq!(is_durable(&partition, until), Some(true));
    assert_eq!(partition.high_watermark().offset, Offset(3));
    assert_eq!(partition.reader().durable_end().offset, Offset(0));
}

#[test]
fn a_durable_append_is_neither_acknowledged_nor_shown_before_it_is_on_disk() {
    let mut partition = held_partition(&SimDisk::new(), flush_messages(1));
    let (bell, rung) = bell();
    let until = append(&partition, 3);
    assert_eq!((until, is_durable(&partition, until)), (Offset(3), None));
    assert_eq!(partition.high_watermark().offset, Offset(0));
    register(partition.synced(), Offset(2), &bell);
    partition.held = None;
    rung.recv().unwrap();
    assert_eq!(is_durable(&partition, until), Some(true));
    assert_eq!(partition.high_watermark().offset, Offset(3));
}

#[test]
fn one_flush_serves_all_appends_that_came_before_it() {
    let sim = SimDisk::new();
    let mut partition = held_partition(&sim, flush_messages(1));
    let (bell, rung) = bell();
    let untils: Vec<Offset> = (0..10).map(|_| append(&partition, 1)).collect();
    register(partition.synced(), Offset(9), &bell);
    let before = sim.op_count();
    partition.held = None;
    rung.recv().unwrap();
    assert_eq!(sim.op_count() - before, 1, "one sync");
    assert!(untils.iter().all(|until| is_durable(&partition, *until) == Some(true)));
}

#[test]
fn fetches_are_woken_when_records_become_durable() {
    let mut partition = held_partition(&SimDisk::new(), flush_messages(1));
    let (bell, rung) = bell();
    register(partition.waiters(), Offset(0), &bell);
    append(&partition, 1);
    assert_eq!(bell.1.load(Ordering::SeqCst), 0, "there is nothing to be seen yet");
    partition.held = None;
    rung.recv().unwrap();
}

#[test]
fn with_more_flush_messages_an_acknowledgement_waits_for_all_but_so_many() {
    let partition = partition(&SimDisk::new(), flush_messages(5), Pool::inline());
    let until = append(&partition, 4);
    assert_eq!((until, partition.reader().durable_end().offset), (Offset(0), Offset(0)));
    assert_eq!(partition.high_watermark().offset, Offset(4), "what is not durable is shown");
    let until = append(&partition, 4);
    assert_eq!((until, partition.reader().durable_end().offset), (Offset(4), Offset(8)));
}

#[test]
fn records_that_the_disk_refuses_are_never_acknowledged_nor_shown() {
    let sim = SimDisk::new();
    let partition = partition(&sim, flush_messages(1), Pool::inline());
    let first = append(&partition, 1);
    sim.inject(Fault::next(OpKind::Sync, Failure::Io));
    let second = append(&partition, 1);
    assert_eq!(is_durable(&partition, first), Some(true));
    assert_eq!(is_durable(&partition, second), Some(false));
    assert_eq!(partition.high_watermark().offset, Offset(1));
    partition.flushing.ask(&partition);
    assert_eq!(is_durable(&partition, second), Some(false), "a failed sync is not tried again");
}

#[test]
fn those_who_wait_for_the_disk_hear_that_the_partition_is_gone() {
    let partition = held_partition(&SimDisk::new(), flush_messages(1));
    let (bell, rung) = bell();
    let until = append(&partition, 1);
    register(partition.synced(), Offset(0), &bell);
    partition.retire();
    rung.recv().unwrap();
    assert!(matches!(partition.durability(until), Some(Err(PartitionAppendError::Deleted))));
}

#[test]
fn a_log_that_an_append_broke_off_in_is_not_taken_to_be_moved() {
    let partition = partition(&SimDisk::new(), TopicConfig::default(), Pool::new("flush", 1).unwrap());
    let broken = Arc::clone(&partition);
    let append = std::thread::spawn(move || {
        let _appender = broken.lock();
        panic!("an append broke off");
    });
    assert!(append.join().is_err());
    assert!(partition.retire_to_move().is_none() && !partition.is_retired());
    assert!(matches!(partition.retire(), Retired::Broken), "a stop still knows of it");
}

#[test]
fn the_high_watermark_stays_when_a_topic_becomes_durable() {
    let partition = partition(&SimDisk::new(), TopicConfig::default(), Pool::inline());
    append(&partition, 4);
    partition.set_config(Settings::of(flush_messages(1)));
    assert_eq!(partition.high_watermark().offset, Offset(4));
    assert_eq!(append(&partition, 1), Offset(5));
}

#[test]
fn changed_settings_hold_for_the_next_batch() {
    let partition = partition(&SimDisk::new(), TopicConfig::default(), Pool::inline());
    partition.set_config(Settings::of(TopicConfig { max_message_bytes: 10, ..TopicConfig::default() }));
    assert_eq!(partition.rules(NOW).max_message_bytes, 10);
}

#[test]
fn replicas_in_sync_have_to_be_enough_but_never_more_than_there_are() {
    let enough = [(1, 1, 1), (1, 2, 1), (2, 2, 3), (3, 2, 3), (3, 5, 3), (1, u32::MAX, 1)];
    let too_few = [(0, 1, 1), (1, 2, 3), (2, 5, 3), (0, 5, 1)];
    for (in_sync, min, replicas) in enough {
        assert!(enough_in_sync(in_sync, min, replicas), "{in_sync} of {replicas}, {min} wanted");
    }
    for (in_sync, min, replicas) in too_few {
        assert!(!enough_in_sync(in_sync, min, replicas), "{in_sync} of {replicas}, {min} wanted");
    }
}

#[test]
fn the_only_replica_is_always_enough() {
    let topic = TopicConfig { min_insync_replicas: 3, ..TopicConfig::default() };
    let partition = partition(&SimDisk::new(), topic, Pool::new("test", 1).unwrap());
    assert_eq!(partition.check_in_sync(), Ok(()));
}
