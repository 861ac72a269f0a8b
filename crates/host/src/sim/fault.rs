//! Planned failures.

use std::io;

use rustix::io::Errno;

/// The kinds of calls that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpKind {
    /// [`crate::Disk::open`], and what opens files.
    Open,
    /// [`crate::File::read_at`] and [`crate::Disk::read_dir`].
    Read,
    /// One system call's worth of a [`crate::File`]'s write.
    Write,
    /// [`crate::File::set_len`].
    SetLen,
    /// [`crate::File::sync_data`] and [`crate::File::sync_all`].
    Sync,
    /// [`crate::Disk::sync_dir`].
    SyncDir,
    /// [`crate::Disk::sync_filesystem`].
    SyncFilesystem,
    /// [`crate::File::allocate_ahead`].
    Allocate,
    /// [`crate::Disk::create_dir_all`], as one call.
    CreateDir,
    /// [`crate::Disk::rename`].
    Rename,
    /// Each file or directory removed.
    Remove,
}

impl OpKind {
    const COUNT: usize = OpKind::Remove as usize + 1;
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `EIO`. Nothing was done. What a sync should have covered is never durable, though later syncs succeed.
    Io,
    /// `ENOSPC`, as [`Failure::Io`] otherwise.
    NoSpace,
    /// `EMFILE`: the process has as many files open as it may have.
    NoDescriptors,
    /// `EINTR`: nothing was done. Only for reads and writes, which are made again.
    Interrupted,
    /// A read or write of at most this many bytes (at least 1), without an error.
    Short(usize),
}

/// A planned failure of some calls of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    kind: OpKind,
    failure: Failure,
    after: u64,
    times: u64,
}

impl Fault {
    /// The next call of this kind fails.
    pub fn next(kind: OpKind, failure: Failure) -> Fault {
        let is_error = matches!(failure, Failure::Io | Failure::NoSpace | Failure::NoDescriptors);
        assert!(is_error || matches!(kind, OpKind::Read | OpKind::Write), "{kind:?} is never {failure:?}");
        assert!(failure != Failure::Short(0), "a write of nothing is not short");
        Fault { kind, failure, after: 0, times: 1 }
    }

    /// Lets `calls` of them pass before.
    #[must_use]
    pub fn after(self, calls: u64) -> Fault {
        Fault { after: calls, ..self }
    }

    /// Then lets `calls` of them fail; `u64::MAX` is for good.
    #[must_use]
    pub fn times(self, calls: u64) -> Fault {
        Fault { times: calls, ..self }
    }

    /// Counts a call of its kind; whether it fails.
    fn strikes(&mut self) -> bool {
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        let strikes = self.times > 0;
        self.times = self.times.saturating_sub(1);
        strikes
    }
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: Vec<Fault>,
    /// By [`OpKind`].
    calls: [u64; OpKind::COUNT],
}

impl Faults {
    pub(super) fn plan(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(super) fn calls(&self, kind: OpKind) -> u64 {
        self.calls[kind as usize]
    }

    /// Counts a call that is done whole or not at all.
    pub(super) fn check(&mut self, kind: OpKind) -> io::Result<()> {
        self.check_transfer(kind).map(drop)
    }

    /// Counts a call that moves bytes: how many it may move.
    pub(super) fn check_transfer(&mut self, kind: OpKind) -> io::Result<usize> {
        self.calls[kind as usize] += 1;
        let failure =
            self.planned.iter_mut().find_map(|fault| (fault.kind == kind && fault.strikes()).then_some(fault.failure));
        self.planned.retain(|fault| fault.times > 0);
        match failure {
            None => Ok(usize::MAX),
            Some(Failure::Short(bytes)) => Ok(bytes),
            Some(Failure::Io) => Err(Errno::IO.into()),
            Some(Failure::NoSpace) => Err(Errno::NOSPC.into()),
            Some(Failure::NoDescriptors) => Err(Errno::MFILE.into()),
            Some(Failure::Interrupted) => Err(Errno::INTR.into()),
        }
    }
}
