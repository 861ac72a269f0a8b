//! What can happen to a filesystem, as values.

use std::sync::Arc;

/// A file or directory, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inode(pub(super) u64);

/// One part of a path.
pub(super) type Name = Arc<str>;

/// Where a name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) dir: Inode,
    pub(super) name: Name,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) inode: Inode,
    pub(super) is_dir: bool,
}

/// One operation of the history.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Change(Change),
    /// What is pending for this file or directory becomes durable.
    Sync(Inode),
    /// What is pending for this file or directory will never become durable, though it can still be read.
    FailedSync(Inode),
    /// All that is pending becomes durable.
    SyncAll,
    /// Nothing of what is pending will ever become durable, though it can still be read.
    FailedSyncAll,
}

/// A change, to what is visible at once and to what is durable later.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Link {
        place: Place,
        entry: Entry,
    },
    Unlink {
        place: Place,
        inode: Inode,
    },
    Rename {
        from: Place,
        to: Place,
        entry: Entry,
    },
    Write {
        inode: Inode,
        position: u64,
        bytes: Arc<[u8]>,
    },
    SetLen {
        inode: Inode,
        len: u64,
    },
    /// Lengthens the file with zeros when it is shorter: what is left of a write whose data was lost.
    Grow {
        inode: Inode,
        len: u64,
    },
}

impl Change {
    /// Whether it changes names, not content.
    pub(super) fn is_naming(&self) -> bool {
        matches!(self, Change::Link { .. } | Change::Unlink { .. } | Change::Rename { .. })
    }

    /// Whether it changes what this inode holds: a file's content, a directory's names.
    pub(super) fn is_in(&self, inode: Inode) -> bool {
        match self {
            Change::Link { place, .. } | Change::Unlink { place, .. } => place.dir == inode,
            Change::Rename { from, to, .. } => from.dir == inode || to.dir == inode,
            Change::Write { inode: changed, .. }
            | Change::SetLen { inode: changed, .. }
            | Change::Grow { inode: changed, .. } => *changed == inode,
        }
    }

    /// Whether it gives this inode a name.
    pub(super) fn names(&self, inode: Inode) -> bool {
        match self {
            Change::Link { entry, .. } | Change::Rename { entry, .. } => entry.inode == inode,
            _ => false,
        }
    }
}
