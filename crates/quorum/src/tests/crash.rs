//! A crash at every operation, with every interesting subset of what was not synced.

use super::*;

/// What was acknowledged, and how many operations the disk had seen then.
struct Acknowledged {
    level: i16,
    ops: usize,
}

#[test]
fn what_was_acknowledged_survives_every_crash() {
    let small = Options { compact_after_bytes: 400, ..options(1, Start::Bootstrap) };
    let sim = disk();
    sim.forget_history();
    let mut acknowledged = vec![Acknowledged { level: 0, ops: 0 }];
    let mut quorum = open_with(&sim, &small, 100).unwrap();
    for level in 1..=14 {
        commit(&mut quorum, level);
        acknowledged.push(Acknowledged { level, ops: sim.op_count() });
    }
    drop(quorum);
    for ops in 0..=sim.op_count() {
        let last = acknowledged.iter().rfind(|entry| entry.ops <= ops).unwrap().level;
        let crashed = sim.state_after(ops);
        for subset in crashed.subsets(6) {
            let disk = crashed.power_cut(subset);
            let level = recover(&disk, &small);
            assert!(level == last || level == last + 1, "after {ops} ops and {subset:?}: {level} instead of {last}");
        }
        assert!(recover(&crashed.fork_after_process_crash(), &small) >= last);
    }
}

/// Opens, goes on and opens again.
fn recover(disk: &SimDisk, options: &Options) -> i16 {
    let mut quorum = open_with(disk, options, 100).unwrap();
    let level = level_of(&quorum);
    commit(&mut quorum, 1_000);
    drop(quorum);
    assert_eq!(level_of(&open_with(disk, options, 100).unwrap()), 1_000);
    level
}
