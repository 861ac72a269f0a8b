//! A quorum of one.

use host::sim::{Failure, Fault, OpKind, Subset};
use metadata::records::UnfenceBrokerRecord;
use metadata::{ApplyError, Batch, Index};
use record::BrokerId;

use super::*;
use crate::{ProposeError, QuorumError};

#[test]
fn a_new_cluster_has_a_leader_and_an_id_at_once() {
    let sim = disk();
    let quorum = open(&sim);
    assert!(quorum.is_leader());
    assert_eq!(quorum.leader(), Some(NodeId(1)));
    assert_eq!(quorum.image().cluster_id(), Uuid([102; 16]));
    drop(quorum);
    let again = open_with(&sim, &options(1, Start::Bootstrap), 200).unwrap();
    assert_eq!((again.image().cluster_id(), again.directory()), (Uuid([102; 16]), Uuid([101; 16])));
}

#[test]
fn a_batch_takes_one_write_and_one_fsync() {
    let sim = disk();
    let mut quorum = open(&sim);
    for number in 1..5 {
        let before = sim.op_count();
        commit(&mut quorum, number);
        assert_eq!(sim.op_count() - before, 2);
        assert_eq!(sim.pending_count(), 0);
    }
}

#[test]
fn a_node_that_opens_again_knows_everything() {
    let sim = disk();
    let mut quorum = open(&sim);
    for number in 1..10 {
        commit(&mut quorum, number);
    }
    let image = quorum.image();
    drop(quorum);
    let again = open(&sim);
    assert!(again.is_leader());
    assert_eq!(again.image(), image);
}

#[test]
fn the_journal_gives_way_to_snapshots() {
    let sim = disk();
    let small = Options { compact_after_bytes: 300, ..options(1, Start::Bootstrap) };
    let mut quorum = open_with(&sim, &small, 100).unwrap();
    for number in 1..50 {
        commit(&mut quorum, number);
        assert!(quorum.journal.len() <= 300);
    }
    let image = quorum.image();
    drop(quorum);
    let mut again = open_with(&sim, &small, 100).unwrap();
    assert_eq!(again.image(), image);
    commit(&mut again, 50);
}

#[test]
fn one_batch_is_in_flight() {
    let mut quorum = open(&disk());
    quorum.propose(level(1)).unwrap();
    assert!(matches!(quorum.propose(level(2)), Err(ProposeError::InFlight)));
    quorum.ready().unwrap();
    commit(&mut quorum, 3);
}

#[test]
fn a_batch_that_cannot_be_applied_is_not_proposed() {
    let mut quorum = open(&disk());
    let unknown = UnfenceBrokerRecord { id: BrokerId(9), epoch: 1 };
    let refused = quorum.propose(vec![unknown.into()]);
    assert!(matches!(refused, Err(ProposeError::Apply(ApplyError::UnknownBroker(BrokerId(9))))));
    commit(&mut quorum, 1);
}

#[test]
fn a_batch_upon_an_old_image_is_committed_but_does_not_count() {
    let mut quorum = open(&disk());
    let base = quorum.image().applied();
    commit(&mut quorum, 1);
    // As a leader would have that decided before the batch above was applied.
    let stale = Batch { base, records: level(7) };
    quorum.engine.propose(Vec::new(), stale.encode()).unwrap();
    let progress = quorum.ready().unwrap();
    assert_eq!(progress.committed.iter().map(|committed| committed.applied).collect::<Vec<_>>(), [false]);
    assert_eq!(level_of(&quorum), 1);
    commit(&mut quorum, 2);
}

#[test]
fn indexes_of_batches_grow() {
    let mut quorum = open(&disk());
    let first = commit(&mut quorum, 1);
    let second = commit(&mut quorum, 2);
    assert_eq!(second.index, Index(first.index.0 + 1));
    assert_eq!(quorum.image().applied(), second.index);
}

#[test]
fn a_failed_write_or_fsync_stops_the_node() {
    for kind in [OpKind::Write, OpKind::Sync] {
        let sim = disk();
        let mut quorum = open(&sim);
        commit(&mut quorum, 1);
        sim.inject(Fault::next(kind, Failure::Io));
        quorum.propose(level(2)).unwrap();
        assert!(matches!(quorum.ready(), Err(QuorumError::Io { .. })));
        assert!(matches!(quorum.ready(), Err(QuorumError::Stopped)));
        assert!(matches!(quorum.propose(level(3)), Err(ProposeError::NotLeader)));
        assert_eq!(level_of(&quorum), 1, "nothing is applied that is not durable");
        drop(quorum);

        // The page cache may still have what the disk does not. What the next process builds upon, it writes again.
        let restarted = sim.fork_after_process_crash();
        let mut again = open(&restarted);
        let seen = level_of(&again);
        commit(&mut again, 4);
        drop(again);
        let recovered = open(&restarted.power_cut(Subset::None));
        assert!([1, 2].contains(&seen));
        assert_eq!(level_of(&recovered), 4);
    }
}

#[test]
fn directories_that_are_not_whole_are_refused() {
    let whole = disk();
    let mut quorum = open(&whole);
    for number in 1..4 {
        commit(&mut quorum, number);
    }
    drop(quorum);
    let log = Path::new(DIR).join("log");
    let snapshot = Path::new(DIR).join("snapshot");
    type Harm<'a> = &'a dyn Fn(&Disk);
    let table: [(&str, Harm<'_>); 5] = [
        ("no log", &|disk| disk.remove_file(&log).unwrap()),
        ("no snapshot", &|disk| disk.remove_file(&snapshot).unwrap()),
        ("empty log", &|disk| disk.write_atomic(&log, b"").unwrap()),
        ("flipped bit in an old frame", &|disk| flip(disk, &log, 70)),
        ("flipped bit in the snapshot", &|disk| flip(disk, &snapshot, 30)),
    ];
    for (what, harm) in table {
        let sim = whole.fork_after_process_crash();
        harm(&Disk::sim(sim.clone()));
        let result = open_with(&sim, &options(1, Start::Bootstrap), 100);
        let error = result.err().unwrap_or_else(|| panic!("{what} was accepted"));
        assert!(matches!(error, OpenError::Damaged { .. }), "{what}: {error}");
    }
    let other = open_with(&whole, &options(2, Start::Bootstrap), 100);
    assert!(matches!(other.err(), Some(OpenError::WrongNode { given: NodeId(2), found: NodeId(1), .. })));
}

fn flip(disk: &Disk, path: &Path, at: usize) {
    let mut bytes = disk.read(path).unwrap();
    bytes[at] ^= 1;
    disk.write_atomic(path, &bytes).unwrap();
}

#[test]
fn a_full_disk_refuses_a_batch_and_takes_it_when_there_is_room() {
    let sim = disk();
    let mut quorum = open(&sim);
    commit(&mut quorum, 1);
    let large: Vec<Record> = (0..40_000)
        .map(|number| FeatureRecord { name: format!("feature-with-a-long-name-{number}").into(), level: 1 }.into())
        .collect();
    sim.inject(Fault::next(OpKind::Allocate, Failure::NoSpace).times(2));
    assert!(matches!(quorum.propose(large.clone()), Err(ProposeError::StorageFull)));
    // What is small has room of its own.
    commit(&mut quorum, 2);
    assert_eq!(level_of(&quorum), 2);
    quorum.propose(large).unwrap();
    quorum.ready().unwrap();
    assert_eq!(level_of(&open(&sim)), 2);
}

#[test]
fn a_compaction_that_finds_no_room_is_no_failure() {
    let sim = disk();
    let compact_always = Options { compact_after_bytes: 0, ..options(1, Start::Bootstrap) };
    let mut quorum = open_with(&sim, &compact_always, 100).unwrap();
    quorum.propose(level(1)).unwrap();
    // The journal is open; the snapshot is the first file that is opened anew.
    sim.inject(Fault::next(OpKind::Open, Failure::NoSpace));
    quorum.ready().unwrap();
    commit(&mut quorum, 2);
    assert_eq!(level_of(&open(&sim)), 2);
}
