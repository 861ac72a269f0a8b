//! [`Disk`] and [`File`]: one branch per call, to the operating system or to a [`SimDisk`].
//!
//! What must hold on both sides is written once, here: a short write is continued, an interrupted call is made again,
//! and [`Disk::write_atomic`] is its five steps, so that the simulator can crash between any two of them.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::sim::{SimDisk, SimFile, SimLock};
use crate::{cache, real};

/// A filesystem. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Disk(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Real,
    Sim(SimDisk),
}

/// How [`Disk::open`] opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// For reading; the file must exist.
    Read,
    /// For reading and writing; the file must exist.
    ReadWrite,
    /// For reading and writing; the file must not exist.
    CreateNew,
    /// For reading and writing; created empty when missing, otherwise kept as it is.
    Create,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// The last part of the path. Bytes that are not UTF-8 are replaced by U+FFFD.
    pub name: String,
    /// Whether it is a directory (not a link to one).
    pub is_dir: bool,
}

/// The lock on a directory, held until dropped. The operating system lets go of it when the process dies.
#[derive(Debug)]
pub struct DirLock {
    _held: Held,
}

#[derive(Debug)]
#[expect(dead_code, reason = "the locks are only held")]
enum Held {
    Real(real::Lock),
    Sim(SimLock),
}

impl Disk {
    /// The filesystem of the operating system.
    pub fn real() -> Disk {
        Disk(Kind::Real)
    }

    /// A simulated filesystem.
    pub fn sim(disk: SimDisk) -> Disk {
        Disk(Kind::Sim(disk))
    }

    /// Opens a file.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists` (for [`Open::CreateNew`]) and whatever else the system says.
    pub fn open(&self, path: &Path, how: Open) -> io::Result<File> {
        match &self.0 {
            Kind::Real => real::open(path, how).map(|file| File::new(FileKind::Real(file))),
            Kind::Sim(disk) => disk.open(path, how).map(|file| File::new(FileKind::Sim(file))),
        }
    }

    /// Creates a directory and its missing parents. None of the new entries is durable before [`Disk::sync_dir`] of
    /// the directory that holds it.
    pub fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        match &self.0 {
            Kind::Real => real::create_dir_all(path),
            Kind::Sim(disk) => disk.create_dir_all(path),
        }
    }

    /// Whether the path names anything. An error is not a "no".
    pub fn exists(&self, path: &Path) -> io::Result<bool> {
        match &self.0 {
            Kind::Real => real::exists(path),
            Kind::Sim(disk) => disk.exists(path),
        }
    }

    /// What a directory holds, sorted by name.
    pub fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = match &self.0 {
            Kind::Real => real::read_dir(path)?,
            Kind::Sim(disk) => disk.read_dir(path)?,
        };
        entries.sort_unstable();
        Ok(entries)
    }

    /// Renames a file or directory; a file that has the new name is replaced in one step.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match &self.0 {
            Kind::Real => real::rename(from, to),
            Kind::Sim(disk) => disk.rename(from, to),
        }
    }

    /// Removes a file's name. Open handles keep reading it.
    pub fn remove_file(&self, path: &Path) -> io::Result<()> {
        match &self.0 {
            Kind::Real => real::remove_file(path),
            Kind::Sim(disk) => disk.remove_file(path),
        }
    }

    /// Removes a directory and all in it. A crash may leave any part of it.
    pub fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        match &self.0 {
            Kind::Real => real::remove_dir_all(path),
            Kind::Sim(disk) => disk.remove_dir_all(path),
        }
    }

    /// Makes the names in a directory durable: those created, renamed and removed.
    pub fn sync_dir(&self, path: &Path) -> io::Result<()> {
        match &self.0 {
            Kind::Real => real::sync_dir(path),
            Kind::Sim(disk) => disk.sync_dir(path),
        }
    }

    /// Whether [`Disk::sync_filesystem`] tells of every error of writing back, as Linux does since 5.8.
    pub fn sync_filesystem_tells_errors(&self) -> bool {
        match &self.0 {
            Kind::Real => real::sync_filesystem_tells_errors(),
            Kind::Sim(_) => true,
        }
    }

    /// Makes everything durable that was written to the filesystem that holds `path`, names included (`syncfs`).
    ///
    /// # Errors
    /// Also an error of an earlier write-back that nobody was told of. As for [`File::sync_data`], what it concerned is
    /// in doubt for good.
    pub fn sync_filesystem(&self, path: &Path) -> io::Result<()> {
        match &self.0 {
            Kind::Real => real::sync_filesystem(path),
            Kind::Sim(disk) => disk.sync_filesystem(path),
        }
    }

    /// Names the page cache that holds what is written to `path` and is not durable yet: the same text as long as no
    /// power cut or unmount can have come between. `None` where the system cannot tell (before Linux 6.8).
    pub fn cache_identity(&self, path: &Path) -> io::Result<Option<String>> {
        match &self.0 {
            Kind::Real => real::cache_identity(path),
            Kind::Sim(disk) => disk.cache_identity(path).map(Some),
        }
    }

    /// The length of a file in bytes.
    pub fn metadata_len(&self, path: &Path) -> io::Result<u64> {
        match &self.0 {
            Kind::Real => real::metadata_len(path),
            Kind::Sim(disk) => disk.metadata_len(path),
        }
    }

    /// Bytes that may still be written to the filesystem that holds `path`.
    pub fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        match &self.0 {
            Kind::Real => real::available_bytes(path),
            Kind::Sim(disk) => disk.available_bytes(path),
        }
    }

    /// The size of the filesystem that holds `path`, in bytes.
    pub fn total_bytes(&self, path: &Path) -> io::Result<u64> {
        match &self.0 {
            Kind::Real => real::total_bytes(path),
            Kind::Sim(disk) => disk.total_bytes(path),
        }
    }

    /// Locks a directory against other processes, by `flock` on its file `.lock`, which is created when missing.
    ///
    /// # Errors
    /// `WouldBlock` when somebody else holds it.
    pub fn lock_dir(&self, path: &Path) -> io::Result<DirLock> {
        let file = path.join(".lock");
        let held = match &self.0 {
            Kind::Real => Held::Real(real::lock(&file)?),
            Kind::Sim(disk) => Held::Sim(disk.lock(&file)?),
        };
        Ok(DirLock { _held: held })
    }

    /// The whole content of a file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path, Open::Read)?;
        let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Replaces the content of a file, durably, so that a crash leaves the old or the new one: a file beside it with
    /// `.tmp` appended is written, synced and renamed, then the directory is synced.
    ///
    /// On an error the file beside it may be left; the next call overwrites it.
    pub fn write_atomic(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let temporary = temporary_name(path)?;
        let file = self.open(&temporary, Open::Create)?;
        file.set_len(0)?;
        file.write_all_at(bytes, 0)?;
        file.sync_all()?;
        self.rename(&temporary, path)?;
        self.sync_dir(parent(path))
    }
}

/// An open file. Reads and writes name their position; there is no cursor, so threads share it freely.
#[derive(Debug)]
pub struct File {
    kind: FileKind,
    misses: Option<Misses>,
}

/// Bytes that were to be sent and had to be read from the disk first, of all files that count with it. Cloning gives another
/// handle to the same count.
#[derive(Clone, Debug, Default)]
pub struct Misses(Arc<AtomicU64>);

impl Misses {
    /// The bytes so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

#[derive(Debug)]
enum FileKind {
    Real(real::File),
    Sim(SimFile),
}

impl File {
    fn new(kind: FileKind) -> File {
        File { kind, misses: None }
    }

    /// The file, of which [`File::note_missed`] is counted there.
    #[must_use]
    pub fn counting(self, misses: &Misses) -> File {
        File { misses: Some(misses.clone()), ..self }
    }

    /// Counts bytes that were to be sent and were not in the page cache: one relaxed addition, and none for a file that counts
    /// nowhere.
    pub fn note_missed(&self, bytes: u64) {
        if let Some(misses) = &self.misses {
            misses.0.fetch_add(bytes, Relaxed);
        }
    }

    /// Writes all of `bytes` at `position`, in as many calls as it takes. On an error a part may have been written.
    pub fn write_all_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.write_all_vectored_at(&mut [IoSlice::new(bytes)], position)
    }

    /// Writes all slices one after the other at `position`: one system call unless the system writes less or there are
    /// more than 1,024 slices. The slices are used up. On an error a part may have been written.
    pub fn write_all_vectored_at(&self, mut slices: &mut [IoSlice<'_>], mut position: u64) -> io::Result<()> {
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            let call = &slices[..slices.len().min(SLICES_PER_CALL)];
            let written = match self.write_vectored_at(call, position) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            IoSlice::advance_slices(&mut slices, written);
            position += written as u64;
        }
        Ok(())
    }

    fn write_vectored_at(&self, slices: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
        match &self.kind {
            FileKind::Real(file) => file.write_vectored_at(slices, position),
            FileKind::Sim(file) => file.write_vectored_at(slices, position),
        }
    }

    /// Reads at most `buffer.len()` bytes at `position`; 0 at or after the end of the file.
    pub fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        loop {
            let read = match &self.kind {
                FileKind::Real(file) => file.read_at(buffer, position),
                FileKind::Sim(file) => file.read_at(buffer, position),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// Fills `buffer` from `position`.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before; `buffer` is then partly overwritten.
    pub fn read_exact_at(&self, mut buffer: &mut [u8], mut position: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, position)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    buffer = &mut buffer[read..];
                    position += read as u64;
                }
            }
        }
        Ok(())
    }

    /// Whether `len` bytes from `position` are in the page cache, so that `sendfile` does not wait for the disk. True where
    /// the kernel cannot tell (Linux before 6.5).
    pub fn is_cached(&self, position: u64, len: u64) -> bool {
        self.cached_bytes(position, len).is_none_or(|cached| cached == len)
    }

    /// How many of the `len` bytes from `position` are in the page cache; a page that is not there counts whole. `None`
    /// where the kernel cannot tell (Linux before 6.5). A filesystem that keeps its pages elsewhere (overlayfs) says 0.
    pub fn cached_bytes(&self, position: u64, len: u64) -> Option<u64> {
        match &self.kind {
            FileKind::Real(file) => cache::cached_bytes(file.as_fd(), position, len),
            FileKind::Sim(_) => None,
        }
    }

    /// As [`File::read_exact_at`], but without waiting for the disk: `false` when a part is not in the page cache; `buffer`
    /// is then partly overwritten. Where the filesystem cannot tell, it waits.
    ///
    /// # Errors
    /// As of [`File::read_exact_at`].
    pub fn read_cached_at(&self, buffer: &mut [u8], position: u64) -> io::Result<bool> {
        if let FileKind::Real(file) = &self.kind
            && let Some(is_whole) = cache::read_cached(file.as_fd(), buffer, position)?
        {
            return Ok(is_whole);
        }
        self.read_exact_at(buffer, position).map(|()| true)
    }

    /// The length in bytes.
    pub fn len(&self) -> io::Result<u64> {
        match &self.kind {
            FileKind::Real(file) => file.len(),
            FileKind::Sim(file) => file.len(),
        }
    }

    /// Whether the length is zero.
    pub fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Cuts the file, or lengthens it with zeros.
    pub fn set_len(&self, len: u64) -> io::Result<()> {
        match &self.kind {
            FileKind::Real(file) => file.set_len(len),
            FileKind::Sim(file) => file.set_len(len),
        }
    }

    /// Makes content and length durable (`fdatasync`); the file's name needs [`Disk::sync_dir`].
    ///
    /// After an error the content is in doubt for good: the kernel may have dropped it and call the next sync a success.
    pub fn sync_data(&self) -> io::Result<()> {
        match &self.kind {
            FileKind::Real(file) => file.sync_data(),
            FileKind::Sim(file) => file.sync(),
        }
    }

    /// As [`File::sync_data`], with the other metadata too (`fsync`).
    pub fn sync_all(&self) -> io::Result<()> {
        match &self.kind {
            FileKind::Real(file) => file.sync_all(),
            FileKind::Sim(file) => file.sync(),
        }
    }

    /// Reserves room on the disk for `len` bytes from `offset`, without changing the length (`fallocate` with
    /// `KEEP_SIZE`). Does nothing where the filesystem cannot.
    ///
    /// # Errors
    /// `StorageFull` when there is no such room.
    pub fn allocate_ahead(&self, offset: u64, len: u64) -> io::Result<()> {
        match &self.kind {
            FileKind::Real(file) => file.allocate_ahead(offset, len),
            FileKind::Sim(file) => file.allocate_ahead(offset, len),
        }
    }

    /// The descriptor for `sendfile`; `None` when simulated: the bytes must then be read.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.kind {
            FileKind::Real(file) => Some(file.as_fd()),
            FileKind::Sim(_) => None,
        }
    }
}

/// Linux's `IOV_MAX`: `pwritev` refuses more.
const SLICES_PER_CALL: usize = 1024;

fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".tmp");
    Ok(path.with_file_name(name))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
