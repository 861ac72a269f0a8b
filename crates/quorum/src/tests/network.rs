//! Nodes and the messages between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use host::sim::Subset;
use raft::eraftpb::MessageType;

use super::*;
use crate::{Change, Message};

pub(super) struct Network {
    pub(super) nodes: BTreeMap<u64, Quorum>,
    pub(super) disks: BTreeMap<u64, SimDisk>,
    /// Nodes that hear and say nothing.
    pub(super) silent: BTreeSet<u64>,
    /// Snapshots are lost on the way, and nobody reports it.
    pub(super) lose_snapshots: bool,
    /// Messages that others must not hear, by sender and receiver.
    pub(super) cut: BTreeSet<(u64, u64)>,
    in_transit: VecDeque<Message>,
}

impl Network {
    /// Node 1 and nothing else.
    pub(super) fn new() -> Network {
        let mut network = Network {
            nodes: BTreeMap::new(),
            disks: BTreeMap::new(),
            silent: BTreeSet::new(),
            lose_snapshots: false,
            cut: BTreeSet::new(),
            in_transit: VecDeque::new(),
        };
        network.start(1, Start::Bootstrap, disk());
        network
    }

    /// Voters 1 to 3, of which 1 leads.
    pub(super) fn of_three() -> Network {
        let mut network = Network::new();
        for node in [2, 3] {
            network.join(node);
            network.change(Change::AddVoter(NodeId(node), network.nodes[&node].directory()));
        }
        network
    }

    pub(super) fn start(&mut self, node: u64, start: Start, disk: SimDisk) {
        self.nodes.insert(node, open_with(&disk, &options(node, start), 10 * node as u8).unwrap());
        self.disks.insert(node, disk);
    }

    /// Starts a node on an empty disk and adds it as a learner.
    pub(super) fn join(&mut self, node: u64) {
        self.start(node, Start::Join, disk());
        self.change(Change::AddLearner(NodeId(node), self.nodes[&node].directory()));
    }

    pub(super) fn change(&mut self, change: Change) {
        let leader = self.leader();
        self.node(leader).change(change).unwrap();
        self.settle();
    }

    pub(super) fn node(&mut self, node: u64) -> &mut Quorum {
        self.nodes.get_mut(&node).unwrap()
    }

    pub(super) fn leader(&self) -> u64 {
        let heard = self.nodes.iter().filter(|(id, _)| !self.silent.contains(id));
        let leaders: Vec<u64> = heard.filter(|(_, quorum)| quorum.is_leader()).map(|(id, _)| *id).collect();
        assert_eq!(leaders.len(), 1, "leaders: {leaders:?}");
        leaders[0]
    }

    /// Commits at the leader.
    pub(super) fn commit(&mut self, number: i16) {
        let leader = self.leader();
        self.node(leader).propose(level(number)).unwrap();
        self.settle();
        assert_eq!(level_of(&self.nodes[&leader]), number);
    }

    pub(super) fn tick(&mut self, times: usize) {
        for _ in 0..times {
            self.nodes.values_mut().for_each(Quorum::tick);
            self.settle();
        }
    }

    /// Lets everybody work and hear until nothing happens.
    pub(super) fn settle(&mut self) {
        loop {
            for node in self.nodes.keys().copied().collect::<Vec<_>>() {
                let messages = self.node(node).ready().unwrap().messages;
                self.check_promises(node, &messages);
                self.in_transit.extend(messages);
            }
            if self.in_transit.is_empty() {
                return;
            }
            while let Some(message) = self.in_transit.pop_front() {
                self.deliver(message);
            }
        }
    }

    fn deliver(&mut self, message: Message) {
        let (from, to) = (message.from().0, message.to().0);
        if self.silent.contains(&from) || self.silent.contains(&to) || self.cut.contains(&(from, to)) {
            return;
        }
        let is_snapshot = message.is_snapshot();
        if is_snapshot && self.lose_snapshots {
            return;
        }
        if let Some(receiver) = self.nodes.get_mut(&to) {
            let _ = receiver.step(Message::decode(&message.encode()).unwrap());
        }
        if is_snapshot {
            self.node(from).report_snapshot(NodeId(to), true);
        }
    }

    /// Whatever a message promises must survive a power cut at the moment when it may be sent.
    fn check_promises(&self, node: u64, messages: &[Message]) {
        if messages.is_empty() || self.nodes[&node].voters().eq([NodeId(node)]) {
            return;
        }
        let cut = self.disks[&node].power_cut(Subset::None);
        let recovered = open_with(&cut, &options(node, Start::Join), 99).unwrap();
        let raft = &recovered.engine.raft;
        for message in messages.iter().map(|message| &message.inner).filter(|message| !message.reject) {
            match message.msg_type {
                MessageType::MsgAppendResponse => assert!(raft.raft_log.last_index() >= message.index, "{message:?}"),
                MessageType::MsgRequestVoteResponse => {
                    assert_eq!((raft.term, raft.vote), (message.term, message.to), "{message:?}");
                }
                MessageType::MsgRequestVote => {
                    assert_eq!((raft.term, raft.vote), (message.term, message.from), "{message:?}");
                }
                _ => {}
            }
        }
    }
}
