//! The five traps of the engine, and what else takes more than one node.

use super::network::Network;
use super::*;
use crate::{Change, ChangeError, ProposeError, StepError};

#[test]
fn three_nodes_agree() {
    let mut network = Network::of_three();
    (1..5).for_each(|number| network.commit(number));
    network.tick(2);
    for quorum in network.nodes.values() {
        assert_eq!(level_of(quorum), 4);
        assert_eq!(quorum.image(), network.nodes[&1].image());
        assert_eq!(quorum.voters().count(), 3);
    }
    assert!(matches!(network.node(2).propose(level(9)), Err(ProposeError::NotLeader)));
}

#[test]
fn a_deposed_leaders_batch_is_lost_to_the_new_leader() {
    let mut network = Network::of_three();
    network.commit(1);
    network.silent.insert(1);
    let lost = network.node(1).propose(level(100)).unwrap();
    elect(&mut network, 2, 3);
    network.commit(2);
    network.silent.clear();
    network.tick(3);
    assert_eq!(level_of(&network.nodes[&1]), 2);
    assert_eq!(network.nodes[&1].image(), network.nodes[&2].image());
    assert_ne!(network.nodes[&1].engine.raft.term, lost.term);
}

#[test]
fn compaction_keeps_what_is_acknowledged_but_not_committed() {
    let mut network = Network::of_three();
    network.commit(1);
    network.cut = [(2, 1), (3, 1)].into();
    let proposed = network.node(1).propose(level(2)).unwrap();
    network.settle();
    network.node(2).compact().unwrap();
    assert_eq!(level_of(&network.nodes[&2]), 1);
    network.nodes.remove(&2);
    let disk = network.disks[&2].power_cut(host::sim::Subset::None);
    network.start(2, Start::Join, disk);
    assert_eq!(network.nodes[&2].engine.raft.raft_log.last_index(), proposed.index.0);
    network.cut.clear();
    network.tick(3);
    assert_eq!(level_of(&network.nodes[&2]), 2);
}

#[test]
fn trap_1_a_snapshot_whose_fate_is_not_reported_holds_up_its_receiver() {
    let mut network = Network::new();
    network.commit(1);
    network.lose_snapshots = true;
    network.join(2);
    network.lose_snapshots = false;
    network.tick(20);
    assert_eq!(level_of(&network.nodes[&2]), 0, "the engine waits for the report");
    network.node(1).report_snapshot(NodeId(2), false);
    network.tick(5);
    assert_eq!(level_of(&network.nodes[&2]), 1);
}

#[test]
fn trap_2_a_snapshot_names_the_node_that_it_is_for() {
    let mut network = Network::new();
    network.commit(1);
    network.node(1).compact().unwrap(); // The snapshot on disk knows of node 1 alone.
    network.join(2);
    network.commit(2);
    assert_eq!(level_of(&network.nodes[&2]), 2);
    assert_eq!(network.nodes[&2].image().cluster_id(), network.nodes[&1].image().cluster_id());
    assert_eq!(network.nodes[&2].engine.store().applied.conf_state.learners, [2]);
}

#[test]
fn trap_3_a_leader_is_not_removed_before_it_hands_over() {
    let mut network = Network::of_three();
    let refused = network.node(1).change(Change::Remove(NodeId(1)));
    assert!(matches!(refused, Err(ChangeError::LeaderLeaves(NodeId(1)))));
    network.node(1).transfer_leader(NodeId(3));
    network.settle();
    assert_eq!(network.leader(), 3);
    network.change(Change::Remove(NodeId(1)));
    network.commit(7);
    assert_eq!(network.nodes[&3].voters().collect::<Vec<_>>(), [NodeId(2), NodeId(3)]);
}

#[test]
fn trap_3_a_leader_that_must_commit_its_own_removal_steps_down() {
    let mut network = Network::of_three();
    // The others take the change, but node 1 does not hear so: it stays uncommitted.
    network.cut = [(2, 1), (3, 1)].into();
    network.change(Change::Remove(NodeId(2)));
    network.silent.insert(1);
    elect(&mut network, 2, 3);
    network.tick(1);
    assert!(!network.nodes[&2].is_leader());
    network.cut.clear();
    network.silent = [2].into();
    (0..22).for_each(|_| network.node(1).tick()); // Until it notices that it leads nobody.
    elect(&mut network, 3, 1);
    network.commit(5);
    network.tick(3);
    assert_eq!(network.nodes[&1].voters().collect::<Vec<_>>(), [NodeId(1), NodeId(3)]);
}

#[test]
fn trap_4_nothing_is_promised_before_it_is_durable() {
    // The network cuts the power of a copy of each sender's disk whenever messages leave, and looks for what they promise.
    let mut network = Network::of_three();
    network.commit(1);
    network.silent.insert(1);
    elect(&mut network, 2, 3);
    network.commit(2);
    network.silent.clear();
    network.tick(3);
    assert_eq!(level_of(&network.nodes[&1]), 2);
}

#[test]
fn trap_5_a_node_that_lost_its_directory_needs_a_new_id() {
    let mut network = Network::of_three();
    network.commit(1);
    network.nodes.remove(&3);
    let wiped = Quorum::open(&Disk::sim(disk()), Path::new(DIR), &options(3, Start::Join), ids(77)).unwrap();
    let directory = wiped.directory();
    network.nodes.insert(3, wiped);
    let taken = network.node(1).change(Change::AddVoter(NodeId(3), directory));
    assert!(matches!(taken, Err(ChangeError::NodeIdTaken(NodeId(3)))));

    let mut inner = raft::eraftpb::Message { from: 3, to: 1, ..Default::default() };
    inner.msg_type = raft::eraftpb::MessageType::MsgAppendResponse;
    let stranger = crate::Message { directory, inner };
    assert!(matches!(network.node(1).step(stranger), Err(StepError::WrongDirectory(NodeId(3)))));

    // Nor after it was removed, nor when its members come from a snapshot.
    network.nodes.remove(&3);
    network.change(Change::Remove(NodeId(3)));
    network.node(1).compact().unwrap();
    let taken = network.node(1).change(Change::AddLearner(NodeId(3), directory));
    assert!(matches!(taken, Err(ChangeError::NodeIdTaken(NodeId(3)))));
    network.join(4);
    network.commit(2);
    assert_eq!(level_of(&network.nodes[&4]), 2);
}

/// Node `candidate` asks `other` for its vote, who has not heard of a leader for long.
fn elect(network: &mut Network, candidate: u64, other: u64) {
    for node in [candidate, other] {
        network.node(node).engine.raft.set_randomized_election_timeout(19);
        (0..12).for_each(|_| network.node(node).tick());
    }
    network.node(candidate).campaign().unwrap();
    network.settle();
}
