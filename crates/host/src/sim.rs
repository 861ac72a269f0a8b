//! A filesystem in memory, with a page cache that a power cut loses.
//!
//! Every change is recorded as a value and applied twice: at once to what programs see, and, when a sync covers it, to
//! what is durable. In between it is *pending*; a power cut keeps any subset of the pending changes that the
//! [`Promises`] allow. So the states in which a crash may leave a disk can be enumerated:
//!
//! ```
//! # use ottla_host as host;
//! # use host::{Disk, Open, SimDisk, sim::Subset};
//! # use std::path::Path;
//! let sim = SimDisk::new();
//! let disk = Disk::sim(sim.clone());
//! disk.open(Path::new("/f"), Open::CreateNew)?.write_all_at(b"abc", 0)?;
//! for crashed in sim.crash_points() {
//!     for subset in crashed.subsets(4) {
//!         let _recovered = Disk::sim(crashed.power_cut(subset));
//!     }
//! }
//! # std::io::Result::Ok(())
//! ```
//!
//! A test knows what it was promised at each point by noting [`SimDisk::op_count`] beside each acknowledgement.
//!
//! Not modelled: permissions, links, times, and the space of names and directories.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use crate::disk::{DirEntry, Open};

mod cache;
mod fault;
mod op;
mod subset;
mod tree;

pub use cache::Promises;
pub use fault::{Failure, Fault, OpKind};
pub use subset::Subset;

use cache::Cache;
use fault::Faults;
use op::{Change, Entry, Inode, Op, Place};

/// A simulated filesystem; give it to [`crate::Disk::sim`]. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    cache: Cache,
    /// `cache` before the first op of `history`.
    base: Cache,
    history: Vec<Op>,
    faults: Faults,
    locked: BTreeSet<Inode>,
    /// Room for the content of all files that have a name.
    capacity_bytes: u64,
    /// Up to where files have room that they may not use yet.
    reserved: BTreeMap<Inode, u64>,
}

impl Default for SimDisk {
    fn default() -> SimDisk {
        SimDisk::new()
    }
}

impl SimDisk {
    /// An empty disk that promises no more than POSIX.
    pub fn new() -> SimDisk {
        SimDisk::with_promises(Promises::Posix)
    }

    /// An empty disk.
    pub fn with_promises(promises: Promises) -> SimDisk {
        SimDisk::from_cache(Cache::new(promises))
    }

    fn from_cache(cache: Cache) -> SimDisk {
        let base = cache.clone();
        let (history, faults, locked) = (Vec::new(), Faults::default(), BTreeSet::new());
        let state =
            State { cache, base, history, faults, locked, capacity_bytes: CAPACITY_BYTES, reserved: BTreeMap::new() };
        SimDisk(Arc::new(Mutex::new(state)))
    }

    /// How many changes and syncs were made since the disk was made or [`SimDisk::forget_history`]; reads don't count.
    pub fn op_count(&self) -> usize {
        self.state().history.len()
    }

    /// The disk as it was after its first `ops` operations, pending changes included: what a process finds that was
    /// killed then. Open handles, locks and faults stay with the original.
    pub fn state_after(&self, ops: usize) -> SimDisk {
        let state = self.state();
        let mut cache = state.base.clone();
        state.history[..ops].iter().for_each(|op| cache.apply(op));
        SimDisk::from_cache(cache)
    }

    /// Every [`SimDisk::state_after`], from 0 to all operations.
    pub fn crash_points(&self) -> impl Iterator<Item = SimDisk> + use<> {
        let (mut cache, history) = {
            let state = self.state();
            (state.base.clone(), state.history.clone())
        };
        let first = SimDisk::from_cache(cache.clone());
        std::iter::once(first).chain(history.into_iter().map(move |op| {
            cache.apply(&op);
            SimDisk::from_cache(cache.clone())
        }))
    }

    /// Makes the present the state after no operation, so that a long simulation doesn't keep every byte it wrote.
    pub fn forget_history(&self) {
        let mut state = self.state();
        state.base = state.cache.clone();
        state.history.clear();
    }

    /// The disk as a process finds it that takes over from one killed now: the page cache is still there.
    pub fn fork_after_process_crash(&self) -> SimDisk {
        SimDisk::from_cache(self.state().cache.clone())
    }

    /// How many changes no sync has covered yet; [`Subset`] counts them from 0, oldest first.
    pub fn pending_count(&self) -> usize {
        self.state().cache.pending().len()
    }

    /// The subsets worth trying: none, all, each one alone, all but each one, and `random` random ones with torn
    /// writes.
    pub fn subsets(&self, random: u64) -> impl Iterator<Item = Subset> + use<> {
        Subset::menu(self.pending_count(), random)
    }

    /// The disk after a power cut now, which this subset of the pending changes survived.
    pub fn power_cut(&self, subset: Subset) -> SimDisk {
        SimDisk::from_cache(self.state().cache.power_cut(subset))
    }

    /// How many calls of a kind were made on this disk, failed ones included; not those on disks that it was made from.
    pub fn call_count(&self, kind: OpKind) -> u64 {
        self.state().faults.calls(kind)
    }

    /// Gives the disk room for so many bytes, of all files that have a name; fewer than it holds is a full disk. Writes
    /// beyond are short and then fail with `ENOSPC`, and so do reservations and, on a disk without room, new names.
    /// Not inherited by the disks after a crash.
    pub fn set_capacity(&self, bytes: u64) {
        self.state().capacity_bytes = bytes;
    }

    /// Plans a failure.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.plan(fault);
    }

    /// No state is left half changed by a panic: what can fail comes before [`State::perform`].
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, inode: Inode, how: Open) -> SimFile {
        SimFile { disk: self.clone(), inode, writable: how != Open::Read }
    }
}

/// The calls behind [`crate::Disk`].
impl SimDisk {
    pub(crate) fn open(&self, path: &Path, how: Open) -> io::Result<SimFile> {
        let mut state = self.state();
        state.faults.check(OpKind::Open)?;
        let place = state.cache.visible().place(path)?;
        match state.cache.visible().entry(&place) {
            Some(_) if how == Open::CreateNew => Err(Errno::EXIST.into()),
            Some(entry) if entry.is_dir => Err(Errno::ISDIR.into()),
            Some(entry) => Ok(self.file(entry.inode, how)),
            None if matches!(how, Open::Read | Open::ReadWrite) => Err(Errno::NOENT.into()),
            None => {
                state.check_room_for(1)?;
                Ok(self.file(state.link(place, false), how))
            }
        }
    }

    pub(crate) fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.faults.check(OpKind::CreateDir)?;
        let mut ancestors: Vec<&Path> = path.ancestors().collect();
        while let Some(ancestor) = ancestors.pop() {
            match state.cache.visible().lookup(ancestor) {
                Ok(entry) if entry.is_dir => {}
                Ok(_) => return Err(if ancestors.is_empty() { Errno::EXIST } else { Errno::NOTDIR }.into()),
                Err(Errno::NOENT) => {
                    let place = state.cache.visible().place(ancestor)?;
                    state.link(place, true);
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    pub(crate) fn exists(&self, path: &Path) -> io::Result<bool> {
        match self.state().cache.visible().lookup(path) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(crate) fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut state = self.state();
        state.faults.check(OpKind::Read)?;
        let dir = state.cache.visible().lookup_dir(path)?;
        let entries = state.cache.visible().entries(dir);
        Ok(entries.map(|(name, entry)| DirEntry { name: name.to_string(), is_dir: entry.is_dir }).collect())
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.faults.check(OpKind::Rename)?;
        if let Some(change) = state.cache.visible().check_rename(from, to)? {
            state.perform(Op::Change(change));
        }
        Ok(())
    }

    pub(crate) fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.faults.check(OpKind::Remove)?;
        let place = state.cache.visible().place(path)?;
        match state.cache.visible().entry(&place) {
            None => Err(Errno::NOENT.into()),
            Some(entry) if entry.is_dir => Err(Errno::ISDIR.into()),
            Some(entry) => {
                state.perform(Op::Change(Change::Unlink { place, inode: entry.inode }));
                Ok(())
            }
        }
    }

    /// One operation per name, deepest first, as the real one does; a fault may stop it at any of them.
    pub(crate) fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let dir = state.cache.visible().lookup_dir(path)?;
        let mut names = state.cache.visible().below(dir);
        names.push((state.cache.visible().place(path)?, dir));
        for (place, inode) in names {
            state.faults.check(OpKind::Remove)?;
            state.perform(Op::Change(Change::Unlink { place, inode }));
        }
        Ok(())
    }

    pub(crate) fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let dir = state.cache.visible().lookup_dir(path)?;
        state.sync(dir, OpKind::SyncDir)
    }

    pub(crate) fn sync_filesystem(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.cache.visible().lookup_dir(path)?;
        let verdict = state.faults.check(OpKind::SyncFilesystem);
        state.perform(if verdict.is_ok() { Op::SyncAll } else { Op::FailedSyncAll });
        verdict
    }

    /// A power cut changes it, the death of a process doesn't.
    pub(crate) fn cache_identity(&self, path: &Path) -> io::Result<String> {
        let state = self.state();
        state.cache.visible().lookup(path)?;
        Ok(format!("boot {}", state.cache.boots()))
    }

    pub(crate) fn metadata_len(&self, path: &Path) -> io::Result<u64> {
        let state = self.state();
        let entry = state.cache.visible().lookup(path)?;
        Ok(state.cache.visible().content(entry.inode).len() as u64)
    }

    pub(crate) fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        let state = self.state();
        state.cache.visible().lookup(path)?;
        Ok(state.available_bytes())
    }

    pub(crate) fn total_bytes(&self, path: &Path) -> io::Result<u64> {
        let state = self.state();
        state.cache.visible().lookup(path)?;
        Ok(state.capacity_bytes)
    }

    /// Locks the file at `path`, which is created when missing.
    pub(crate) fn lock(&self, path: &Path) -> io::Result<SimLock> {
        let inode = self.open(path, Open::Create)?.inode;
        if !self.state().locked.insert(inode) {
            return Err(Errno::WOULDBLOCK.into());
        }
        Ok(SimLock { disk: self.clone(), inode })
    }
}

/// The room on a disk that nobody said otherwise of.
const CAPACITY_BYTES: u64 = 1 << 40;

/// Larger files are refused: a simulated one is in memory.
const FILE_BYTES_MAX: u64 = 1 << 32;

impl State {
    fn perform(&mut self, op: Op) {
        self.cache.apply(&op);
        self.history.push(op);
    }

    fn link(&mut self, place: Place, is_dir: bool) -> Inode {
        let inode = self.cache.next_inode();
        self.perform(Op::Change(Change::Link { place, entry: Entry { inode, is_dir } }));
        inode
    }

    fn available_bytes(&self) -> u64 {
        match self.capacity_bytes {
            CAPACITY_BYTES => CAPACITY_BYTES,
            capacity => capacity.saturating_sub(self.cache.visible().bytes(|inode| self.room_of(inode))),
        }
    }

    /// The bytes that a file has on the disk.
    fn room_of(&self, inode: Inode) -> u64 {
        let len = self.cache.visible().content(inode).len() as u64;
        len.max(self.reserved.get(&inode).copied().unwrap_or(0))
    }

    fn check_room_for(&self, bytes: u64) -> io::Result<()> {
        if bytes > self.available_bytes() { Err(Errno::NOSPC.into()) } else { Ok(()) }
    }

    /// How many of `len` bytes at `position` of a file there is room for; what the file has costs nothing.
    fn room_for_write(&self, inode: Inode, position: u64, len: u64) -> io::Result<usize> {
        let present = self.room_of(inode);
        let growth = position.saturating_add(len).saturating_sub(present);
        let available = self.available_bytes();
        if growth <= available {
            return Ok(usize::MAX);
        }
        let fits = (present + available).saturating_sub(position);
        if fits == 0 { Err(Errno::NOSPC.into()) } else { Ok(fits as usize) }
    }

    /// A sync that fails leaves what it covered to be lost: the kernel marks the pages clean all the same.
    fn sync(&mut self, inode: Inode, kind: OpKind) -> io::Result<()> {
        let verdict = self.faults.check(kind);
        self.perform(if verdict.is_ok() { Op::Sync(inode) } else { Op::FailedSync(inode) });
        verdict
    }
}

/// An open simulated file.
#[derive(Debug)]
pub(crate) struct SimFile {
    disk: SimDisk,
    inode: Inode,
    writable: bool,
}

impl SimFile {
    pub(crate) fn write_vectored_at(&self, slices: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
        let state = &mut *self.writable()?;
        let limit = state.faults.check_transfer(OpKind::Write)?;
        let mut bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        bytes.truncate(limit.min(state.room_for_write(self.inode, position, bytes.len() as u64)?));
        if position.saturating_add(bytes.len() as u64) > FILE_BYTES_MAX {
            return Err(Errno::FBIG.into());
        }
        let written = bytes.len();
        if written > 0 {
            state.perform(Op::Change(Change::Write { inode: self.inode, position, bytes: bytes.into() }));
        }
        Ok(written)
    }

    pub(crate) fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let limit = state.faults.check_transfer(OpKind::Read)?;
        let content = state.cache.visible().content(self.inode);
        let start = usize::try_from(position).unwrap_or(usize::MAX).min(content.len());
        let count = buffer.len().min(content.len() - start).min(limit);
        buffer[..count].copy_from_slice(&content[start..start + count]);
        Ok(count)
    }

    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().cache.visible().content(self.inode).len() as u64)
    }

    pub(crate) fn set_len(&self, len: u64) -> io::Result<()> {
        // The kernel's answer for a descriptor that isn't open for writing differs from the one for a write.
        let mut state = self.writable().map_err(|_| Errno::INVAL)?;
        state.faults.check(OpKind::SetLen)?;
        if len > FILE_BYTES_MAX {
            return Err(Errno::FBIG.into());
        }
        state.reserved.remove(&self.inode);
        state.perform(Op::Change(Change::SetLen { inode: self.inode, len }));
        Ok(())
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.disk.state().sync(self.inode, OpKind::Sync)
    }

    pub(crate) fn allocate_ahead(&self, offset: u64, len: u64) -> io::Result<()> {
        let mut state = self.writable()?;
        state.faults.check(OpKind::Allocate)?;
        let (present, wanted) = (state.room_of(self.inode), offset.saturating_add(len));
        state.check_room_for(wanted.saturating_sub(present))?;
        state.reserved.insert(self.inode, wanted.max(present));
        Ok(())
    }

    fn writable(&self) -> Result<MutexGuard<'_, State>, Errno> {
        if self.writable { Ok(self.disk.state()) } else { Err(Errno::BADF) }
    }
}

/// A held lock.
#[derive(Debug)]
pub(crate) struct SimLock {
    disk: SimDisk,
    inode: Inode,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.state().locked.remove(&self.inode);
    }
}

#[cfg(test)]
mod tests;
