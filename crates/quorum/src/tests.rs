//! Quorums on simulated disks and a network in memory.

mod crash;
mod network;
mod single;
mod traps;

use std::path::Path;

use host::{Disk, SimDisk};
use metadata::Record;
use metadata::records::FeatureRecord;
use record::Uuid;

use crate::{NodeId, OpenError, Options, Proposed, Quorum, Start};

const DIR: &str = "/data/cluster-metadata";

/// Random ids that are the same in each run.
fn ids(seed: u8) -> impl FnMut() -> Uuid {
    let mut next = seed;
    move || {
        next += 1;
        Uuid([next; 16])
    }
}

fn open_with(sim: &SimDisk, options: &Options, seed: u8) -> Result<Quorum, OpenError> {
    Quorum::open(&Disk::sim(sim.clone()), Path::new(DIR), options, ids(seed))
}

fn options(node: u64, start: Start) -> Options {
    Options { start, ..Options::new(NodeId(node)) }
}

/// The only voter of a cluster.
fn open(sim: &SimDisk) -> Quorum {
    open_with(sim, &options(1, Start::Bootstrap), 100).unwrap()
}

fn disk() -> SimDisk {
    let sim = SimDisk::new();
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/data")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    sim
}

/// A record that tells itself from others by its level.
fn level(level: i16) -> Vec<Record> {
    vec![FeatureRecord { name: "level".into(), level }.into()]
}

/// The last level that was applied.
fn level_of(quorum: &Quorum) -> i16 {
    quorum.image().feature("level")
}

/// Commits at a sole voter.
fn commit(quorum: &mut Quorum, number: i16) -> Proposed {
    let proposed = quorum.propose(level(number)).unwrap();
    let progress = quorum.ready().unwrap();
    let committed: Vec<_> = progress.committed.iter().map(|committed| (committed.at, committed.applied)).collect();
    assert_eq!(committed, [(proposed, true)]);
    proposed
}
