use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use arc_swap::ArcSwap;
use coordinator::{Answer, Client, CommittedPartition};
use host::sim::{Failure, Fault, OpKind};
use host::{Clock, Disk, Pool, SimClock, SimDisk};
use record::{LeaderEpoch, Offset, Timestamp};
use storage::{Log, LogDir, Patience};
use wire::Array;
use wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use wire::messages::offset_commit::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic};

use super::*;
use crate::config::TopicConfig;
use crate::partition::flushing::Flushing;
use crate::partition::{Partition, Settings};

/// A partition of a simulated disk that coordinates, in simulated time.
struct Scene {
    /// Keeps the only flush thread busy. Goes before the pool, which waits for its threads.
    held: Option<mpsc::SyncSender<()>>,
    sim: SimDisk,
    hands: SimClock,
    partition: Arc<Partition>,
    around: Arc<Surroundings>,
    place: Arc<Place>,
    _pools: [Arc<Pool>; 2],
}

impl Scene {
    fn new() -> Scene {
        Scene::of(TopicConfig::default(), Pool::inline())
    }

    /// A commit is one when it is on disk; the flush thread is busy until `held` is dropped.
    fn durable() -> Scene {
        let pool = Pool::new("held", 1).unwrap();
        let (release, held) = mpsc::sync_channel::<()>(1);
        pool.run(Box::new(move || _ = held.recv()));
        Scene { held: Some(release), ..Scene::of(TopicConfig { flush_messages: 1, ..TopicConfig::default() }, pool) }
    }

    fn of(topic: TopicConfig, flush_pool: Pool) -> Scene {
        let (sim, hands) = (SimDisk::new(), SimClock::at(1_000_000));
        let disk = Disk::sim(sim.clone());
        disk.create_dir_all(Path::new("/data")).unwrap();
        let dir = Arc::new(LogDir::new(disk, PathBuf::from("/data")));
        let log = Log::create(&dir, "__consumer_offsets-0", Uuid([7; 16]), topic.log_config()).unwrap();
        let (flush_pool, metrics) = (Arc::new(flush_pool), Metrics::new(Clock::sim(hands.clone())));
        let flushing = Flushing::new(&flush_pool, Arc::clone(&metrics));
        let partition = Arc::new(Partition::new(PartitionIndex(0), LeaderEpoch(0), Settings::of(topic), log, flushing));
        let load_pool = Arc::new(Pool::inline());
        let wiring = Wiring {
            published: Arc::new(ArcSwap::from_pointee(View::default())),
            pool: Arc::downgrade(&load_pool),
            metrics,
            config: GroupsConfig::default(),
            broker: BrokerId(1),
        };
        let around = Arc::clone(&Coordinators::new(wiring).around);
        let place = Place::open(Arc::clone(&partition), Arc::clone(&around));
        Scene { held: None, sim, hands, partition, around, place, _pools: [flush_pool, load_pool] }
    }

    /// What another start makes of the log.
    fn loaded_again(&self) -> Arc<Place> {
        Place::open(Arc::clone(&self.partition), Arc::clone(&self.around))
    }

    fn pass(&self, time: Duration) {
        self.hands.advance(time);
        self.place.ring();
    }

    /// As [`Scene::pass`], with a ring only where the alarm would.
    fn pass_to_alarm(&self, time: Duration) {
        self.hands.advance(time);
        if self.place.rings_at().is_some_and(|at| at <= self.around.clock.monotonic()) {
            self.place.ring();
        }
    }
}

/// Commits under a name that no members have.
fn commit(place: &Arc<Place>, offset: i64) -> Result<Ran<Vec<ErrorCode>>, ErrorCode> {
    let partitions = [OffsetCommitRequestPartition { committed_offset: offset, ..Default::default() }];
    let topics = [OffsetCommitRequestTopic { name: "t", partitions: Array::from(&partitions), ..Default::default() }];
    let request = OffsetCommitRequest { group_id: "g", topics: Array::from(&topics), ..Default::default() };
    place.run(Uuid::ZERO, |shard, step| shard.offset_commit(step, 8, &request))
}

fn committed(place: &Arc<Place>) -> Result<i64, ErrorCode> {
    let fetched = place.run(Uuid::ZERO, |shard, step| shard.offset_fetch(step, "g", None, Some(&[("t", 0)]), true))?;
    let fetched: Vec<CommittedPartition> = fetched.value?;
    Ok(fetched[0].offset)
}

/// Joins with a protocol of no bytes, as clients did before they were given ids.
fn join(place: &Arc<Place>, id: u8) -> Result<Waiting, ErrorCode> {
    let protocols = [JoinGroupRequestProtocol { name: "range", metadata: b"" }];
    let request = JoinGroupRequest {
        group_id: "g",
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        protocol_type: "consumer",
        protocols: Array::from(&protocols),
        ..Default::default()
    };
    let client = Client { id: "c", host: "/127.0.0.1" };
    place.run_waiting(Uuid([id; 16]), |shard, step, ticket| shard.join_group(step, ticket, client, 3, &request))
}

fn told(waiting: &Waiting) -> Option<Result<ErrorCode, ErrorCode>> {
    waiting.at_once().map(|told| {
        told.map(|ran| match ran.value {
            Answer::Join(answer) => answer.error,
            Answer::Sync(answer) => answer.error,
        })
    })
}

#[test]
fn what_was_committed_is_there_when_the_log_is_loaded_again() {
    let scene = Scene::new();
    for offset in [3, 5] {
        assert_eq!(commit(&scene.place, offset).unwrap().value, [ErrorCode::NONE]);
    }
    assert_eq!(committed(&scene.place), Ok(5));
    assert_eq!(committed(&scene.loaded_again()), Ok(5));
}

#[test]
fn what_cannot_be_appended_is_forgotten_and_the_log_is_loaded_again_after_a_while() {
    let scene = Scene::new();
    commit(&scene.place, 5).unwrap();
    scene.sim.inject(Fault::next(OpKind::Write, Failure::NoSpace));
    assert_eq!(commit(&scene.place, 6).err(), Some(ErrorCode::COORDINATOR_NOT_AVAILABLE));
    assert_eq!(committed(&scene.place), Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS));
    scene.pass(Duration::from_secs(1));
    assert_eq!(committed(&scene.place), Ok(5));
}

#[test]
fn a_full_disk_is_told_before_anything_has_changed() {
    let scene = Scene::new();
    assert_eq!(scene.place.check_writable(), Ok(()));
    scene.sim.inject(Fault::next(OpKind::Write, Failure::NoSpace));
    assert!(commit(&scene.place, 6).is_err());
    assert_eq!(scene.place.check_writable(), Err(ErrorCode::COORDINATOR_NOT_AVAILABLE));
}

#[test]
fn who_waits_is_answered_by_a_later_step() {
    let scene = Scene::new();
    let waiting = join(&scene.place, 1).unwrap();
    assert_eq!(told(&waiting), None);
    scene.pass(Duration::from_secs(3));
    assert_eq!(told(&waiting), Some(Ok(ErrorCode::NONE)));
}

#[test]
fn the_answer_to_a_connection_that_is_gone_is_dropped() {
    let scene = Scene::new();
    let (gone, waiting) = (join(&scene.place, 1).unwrap(), join(&scene.place, 2).unwrap());
    drop(gone);
    scene.pass(Duration::from_secs(3));
    scene.pass(Duration::from_secs(3));
    assert_eq!(told(&waiting), Some(Ok(ErrorCode::NONE)));
}

#[test]
fn who_waits_hears_that_the_state_was_thrown_away_or_that_the_coordinator_is_gone() {
    let scene = Scene::new();
    let waiting = join(&scene.place, 1).unwrap();
    scene.sim.inject(Fault::next(OpKind::Write, Failure::NoSpace));
    assert!(commit_elsewhere(&scene.place).is_err());
    assert_eq!(told(&waiting), Some(Err(ErrorCode::NOT_COORDINATOR)));
    scene.pass(Duration::from_secs(1));
    let waiting = join(&scene.place, 2).unwrap();
    scene.place.unload();
    assert_eq!(told(&waiting), Some(Err(ErrorCode::NOT_COORDINATOR)));
    assert_eq!(committed(&scene.place), Err(ErrorCode::NOT_COORDINATOR));
}

/// In a group of its own.
fn commit_elsewhere(place: &Arc<Place>) -> Result<(), ErrorCode> {
    let partitions = [OffsetCommitRequestPartition::default()];
    let topics = [OffsetCommitRequestTopic { name: "t", partitions: Array::from(&partitions), ..Default::default() }];
    let request = OffsetCommitRequest { group_id: "other", topics: Array::from(&topics), ..Default::default() };
    place.run(Uuid::ZERO, |shard, step| shard.offset_commit(step, 8, &request)).map(|_| ())
}

#[test]
fn nothing_is_told_before_what_it_depends_on_is_on_disk() {
    let mut scene = Scene::durable();
    let ran = commit(&scene.place, 5).unwrap();
    let commit = ran.commit.expect("it is not on disk");
    let fetched = scene.place.run(Uuid::ZERO, |shard, step| shard.offset_fetch(step, "g", None, None, false)).unwrap();
    assert!(fetched.commit.is_some(), "it tells what is not on disk");
    scene.held = None;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(runtime.block_on(commit.wait()), Ok(()));
    assert_eq!(committed(&scene.place), Ok(5));
}

#[test]
fn what_the_disk_refuses_is_never_told() {
    let scene = Scene::of(TopicConfig { flush_messages: 1, ..TopicConfig::default() }, Pool::inline());
    commit(&scene.place, 5).unwrap();
    scene.sim.inject(Fault::next(OpKind::Sync, Failure::Io));
    assert_eq!(commit(&scene.place, 6).err(), Some(ErrorCode::NOT_COORDINATOR));
    // It is in the log that is replayed all the same.
    scene.pass(Duration::from_secs(1));
    assert!(committed(&scene.place).is_err());
    assert!(committed(&scene.loaded_again()).is_err());
}

#[test]
fn what_is_replayed_is_not_told_before_it_is_on_disk() {
    let mut scene = Scene::durable();
    commit(&scene.place, 5).unwrap();
    let again = scene.loaded_again();
    let fetched = again.run(Uuid::ZERO, |shard, step| shard.offset_fetch(step, "g", None, None, false)).unwrap();
    let commit = fetched.commit.expect("it is not on disk");
    scene.held = None;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(runtime.block_on(commit.wait()), Ok(()));
    assert_eq!(committed(&again), Ok(5));
}

#[test]
fn a_disk_that_failed_is_told_before_anything_has_changed_and_nothing_is_done_that_cannot_be_written() {
    let scene = Scene::new();
    let waiting = join(&scene.place, 1).unwrap();
    scene.sim.inject(Fault::next(OpKind::Write, Failure::Io));
    assert!(commit_elsewhere(&scene.place).is_err());
    assert_eq!(told(&waiting), Some(Err(ErrorCode::NOT_COORDINATOR)));
    assert_eq!(scene.place.check_writable(), Err(ErrorCode::NOT_COORDINATOR));
    scene.pass(Duration::from_secs(1));
    let waiting = join(&scene.place, 1).unwrap();
    for _ in 0..100 {
        scene.pass(Duration::from_secs(3));
        assert_eq!(told(&waiting), None, "the group's generation cannot be written");
    }
}

#[test]
fn topics_that_are_deleted_while_the_disk_is_full_cost_no_state_and_are_told_later() {
    let scene = Scene::new();
    commit(&scene.place, 5).unwrap();
    scene.sim.inject(Fault::next(OpKind::Write, Failure::NoSpace));
    assert!(commit(&scene.place, 6).is_err());
    scene.pass(Duration::from_secs(1));
    assert!(scene.place.check_writable().is_err());
    scene.place.topics_deleted(&[("t".into(), Uuid([9; 16]))]);
    assert_eq!(committed(&scene.place), Ok(5));
    assert!(!scene.partition.dir().check_room().unwrap());
    scene.pass(Duration::from_secs(1));
    assert_eq!(committed(&scene.place), Ok(-1));
}

#[test]
fn a_shard_that_fails_again_and_again_is_loaded_ever_more_seldom() {
    let scene = Scene::of(TopicConfig { flush_messages: 1, ..TopicConfig::default() }, Pool::inline());
    commit(&scene.place, 5).unwrap();
    scene.sim.inject(Fault::next(OpKind::Sync, Failure::Io));
    assert!(commit(&scene.place, 6).is_err());
    let loads = || scene.place.loads();
    let before = loads();
    for _ in 0..10 * 60 {
        scene.pass_to_alarm(Duration::from_secs(1));
    }
    let loads = loads() - before;
    assert!((6..=20).contains(&loads), "{loads} loads in ten minutes");
}

#[test]
fn a_panic_that_nobody_came_for_is_told_to_who_waits() {
    let scene = Scene::new();
    let waiting = join(&scene.place, 1).unwrap();
    scene.place.guard(|place| _ = place.run(Uuid::ZERO, |_, _| panic!("in a step")));
    assert_eq!(told(&waiting), Some(Err(ErrorCode::NOT_COORDINATOR)));
    scene.pass(Duration::from_secs(1));
    assert_eq!(committed(&scene.place), Ok(-1));
}

#[test]
fn what_was_unloaded_stays_so() {
    let scene = Scene::new();
    let ran = commit(&scene.place, 5).unwrap();
    assert!(ran.commit.is_none());
    scene.place.unload();
    scene.pass(Duration::from_secs(60));
    assert_eq!(committed(&scene.place), Err(ErrorCode::NOT_COORDINATOR));
}

#[test]
fn coordinators_that_were_stopped_host_nothing_any_more() {
    let scene = Scene::new();
    let wiring = Wiring {
        published: Arc::clone(&scene.around.published),
        pool: Weak::new(),
        metrics: Metrics::new(Clock::sim(scene.hands.clone())),
        config: GroupsConfig::default(),
        broker: BrokerId(1),
    };
    let coordinators = Coordinators::new(wiring);
    let partitions = vec![Some(Arc::clone(&scene.partition))];
    let topic = HostedTopic { name: OFFSETS_TOPIC.into(), id: Uuid([7; 16]), partitions };
    coordinators.host(Some(&topic));
    assert!(coordinators.has_coordinator("g"));
    coordinators.unload();
    coordinators.host(Some(&topic));
    assert!(!coordinators.has_coordinator("g"));
}

#[test]
fn a_panic_in_a_step_costs_the_state_and_nothing_more() {
    let scene = Scene::new();
    commit(&scene.place, 5).unwrap();
    let step = || scene.place.run(Uuid::ZERO, |_, _| panic!("in a step"));
    assert!(catch_unwind(AssertUnwindSafe(step)).is_err());
    assert_eq!(committed(&scene.place), Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS));
    scene.pass(Duration::from_secs(1));
    assert_eq!(committed(&scene.place), Ok(5));
}

#[test]
fn topics_that_are_deleted_take_their_offsets_with_them_also_while_the_log_is_loaded() {
    let scene = Scene::new();
    commit(&scene.place, 5).unwrap();
    scene.sim.inject(Fault::next(OpKind::Write, Failure::NoSpace));
    assert!(commit(&scene.place, 6).is_err());
    scene.place.topics_deleted(&[("t".into(), Uuid([9; 16]))]);
    scene.pass(Duration::from_secs(1));
    assert_eq!(committed(&scene.place), Ok(-1));
    assert_eq!(committed(&scene.loaded_again()), Ok(-1));
}

#[test]
fn the_records_of_a_step_are_one_batch_unless_that_would_be_too_large() {
    let record =
        |partition| coordinator::Record::OffsetCommit { group: "g".into(), topic: "t".into(), partition, value: None };
    let records: Vec<_> = (0..100).map(record).collect();
    let scene = Scene::new();
    let batches = || {
        let (end, reader) = (scene.partition.reader().end(), scene.partition.reader());
        let slice = reader.read(Offset(0), None, end, u32::MAX, true, Patience::Waits).unwrap().unwrap();
        let mut bytes = Vec::new();
        slice.read_into(&mut bytes).unwrap();
        record::batches(&bytes).map(|batch| batch.unwrap().header().record_count).collect::<Vec<_>>()
    };
    let append = || append::append(&scene.partition, &records, record::Compression::None, Timestamp(1)).unwrap();
    append();
    assert_eq!(batches(), [100]);
    scene.partition.set_config(Settings::of(TopicConfig { max_message_bytes: 2_000, ..TopicConfig::default() }));
    append();
    let split = batches();
    assert!(split.len() > 2 && split.iter().sum::<i32>() == 200, "{split:?}");
}

#[test]
fn the_alarm_rings_a_place_by_itself() {
    let metrics = Metrics::new(Clock::real());
    let scene = Scene::new();
    let pool = Arc::new(Pool::inline());
    let wiring = Wiring {
        published: Arc::clone(&scene.around.published),
        pool: Arc::downgrade(&pool),
        metrics: Arc::clone(&metrics),
        config: GroupsConfig {
            settings: coordinator::Settings { initial_rebalance_delay: Duration::from_millis(1), ..Default::default() },
            ..GroupsConfig::default()
        },
        broker: BrokerId(1),
    };
    let coordinators = Arc::new(Coordinators::new(wiring));
    let thread = CoordinatorsThread::start(&coordinators, pool, &metrics).unwrap();
    let place = Place::open(Arc::clone(&scene.partition), Arc::clone(&coordinators.around));
    let waiting = join(&place, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert!(matches!(runtime.block_on(waiting.answer()), Ok(Answer::Join(answer)) if answer.error.is_none()));
    thread.stop();
}
