//! The page cache: what is visible, what is durable, and the changes in between.

use super::op::{Change, Inode, Op};
use super::subset::Subset;
use super::tree::Tree;

/// What a disk promises beyond the content of what was synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promises {
    /// As little as POSIX: names become durable only by a sync of their directory, in any order before it.
    Posix,
    /// As ext4's journal: name changes become durable in the order in which they were made, and the sync of a file
    /// or directory makes those durable that name it or are in it, with all before them.
    Ext4,
}

#[derive(Clone, Debug)]
pub(super) struct Cache {
    promises: Promises,
    visible: Tree,
    durable: Tree,
    pending: Vec<Change>,
    next_inode: u64,
    /// Power cuts so far.
    boots: u64,
}

impl Cache {
    pub(super) fn new(promises: Promises) -> Cache {
        let Inode(root) = Tree::ROOT.inode;
        let next_inode = root + 1;
        Cache {
            promises,
            visible: Tree::default(),
            durable: Tree::default(),
            pending: Vec::new(),
            next_inode,
            boots: 0,
        }
    }

    pub(super) fn visible(&self) -> &Tree {
        &self.visible
    }

    /// The changes that no sync has covered, oldest first.
    pub(super) fn pending(&self) -> &[Change] {
        &self.pending
    }

    /// The inode that the next [`Change::Link`] of something new must use.
    pub(super) fn next_inode(&self) -> Inode {
        Inode(self.next_inode)
    }

    pub(super) fn boots(&self) -> u64 {
        self.boots
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Change(change) => self.change(change),
            Op::Sync(inode) => {
                let covered = self.take_covered(*inode);
                covered.iter().for_each(|change| self.durable.apply(change));
            }
            Op::FailedSync(inode) => drop(self.take_covered(*inode)),
            Op::SyncAll => {
                let covered = std::mem::take(&mut self.pending);
                covered.iter().for_each(|change| self.durable.apply(change));
            }
            Op::FailedSyncAll => self.pending.clear(),
        }
    }

    fn change(&mut self, change: &Change) {
        if let Change::Link { entry, .. } = change {
            self.next_inode = self.next_inode.max(entry.inode.0 + 1);
        }
        self.visible.apply(change);
        self.pending.push(change.clone());
    }

    /// Takes the pending changes that a sync of `inode` makes durable.
    fn take_covered(&mut self, inode: Inode) -> Vec<Change> {
        let journal_end = self.journal_end(inode);
        let mut index = 0;
        let covered = self.pending.extract_if(.., |change| {
            index += 1;
            change.is_in(inode) || (index <= journal_end && change.is_naming())
        });
        covered.collect()
    }

    /// How many of the pending changes are in the journal up to the last name change that concerns `inode`.
    fn journal_end(&self, inode: Inode) -> usize {
        let concerns = |change: &Change| change.is_naming() && (change.is_in(inode) || change.names(inode));
        match self.promises {
            Promises::Posix => 0,
            Promises::Ext4 => self.pending.iter().rposition(concerns).map_or(0, |last| last + 1),
        }
    }

    pub(super) fn power_cut(&self, subset: Subset) -> Cache {
        let mut tree = self.durable.clone();
        let in_order = self.promises == Promises::Ext4;
        subset.survivors(&self.pending, in_order).iter().for_each(|change| tree.apply(change));
        Cache { visible: tree.clone(), durable: tree, pending: Vec::new(), boots: self.boots + 1, ..*self }
    }
}
