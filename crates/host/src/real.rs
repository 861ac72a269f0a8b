//! The operating system's files: the only place in the workspace that touches `std::fs`.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "this module is the door to the filesystem")]

use std::fs;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{AtFlags, FallocateFlags, FlockOperation, StatxFlags};
use rustix::io::Errno;

use crate::disk::{DirEntry, Open};

/// An open file.
#[derive(Debug)]
pub(crate) struct File(fs::File);

impl File {
    /// One `pwritev`; may write less than asked.
    pub(crate) fn write_vectored_at(&self, slices: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
        Ok(rustix::io::pwritev(&self.0, slices, position)?)
    }

    /// One `pread`; may read less than asked.
    pub(crate) fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.0.read_at(buffer, position)
    }

    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    pub(crate) fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    pub(crate) fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    pub(crate) fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    pub(crate) fn allocate_ahead(&self, offset: u64, len: u64) -> io::Result<()> {
        let allocate = || rustix::fs::fallocate(&self.0, FallocateFlags::KEEP_SIZE, offset, len);
        match rustix::io::retry_on_intr(allocate) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            result => Ok(result?),
        }
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A locked file; the lock goes with the descriptor.
#[derive(Debug)]
#[expect(dead_code, reason = "the descriptor is only held")]
pub(crate) struct Lock(fs::File);

pub(crate) fn lock(path: &Path) -> io::Result<Lock> {
    let File(file) = open(path, Open::Create)?;
    rustix::io::retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive))?;
    Ok(Lock(file))
}

pub(crate) fn open(path: &Path, how: Open) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(how != Open::Read);
    options.create_new(how == Open::CreateNew).create(how == Open::Create);
    options.open(path).map(File)
}

pub(crate) fn create_dir_all(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

pub(crate) fn exists(path: &Path) -> io::Result<bool> {
    path.try_exists()
}

pub(crate) fn read_dir(path: &Path) -> io::Result<Vec<DirEntry>> {
    fs::read_dir(path)?.map(|entry| dir_entry(&entry?)).collect()
}

fn dir_entry(entry: &fs::DirEntry) -> io::Result<DirEntry> {
    let name = entry.file_name().to_string_lossy().into_owned();
    Ok(DirEntry { name, is_dir: entry.file_type()?.is_dir() })
}

pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

pub(crate) fn remove_dir_all(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path)
}

pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    fs::OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY).open(path)?.sync_all()
}

pub(crate) fn sync_filesystem(path: &Path) -> io::Result<()> {
    let dir = fs::OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY).open(path)?;
    Ok(rustix::io::retry_on_intr(|| rustix::fs::syncfs(&dir))?)
}

/// Asked of the system once.
pub(crate) fn sync_filesystem_tells_errors() -> bool {
    static TELLS: OnceLock<bool> = OnceLock::new();
    *TELLS
        .get_or_init(|| fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|release| is_at_least_5_8(&release)))
}

fn is_at_least_5_8(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(5), Some(8))
}

/// Of the boot and of the mount; the kernel gives no two mounts the same number until the next boot.
pub(crate) fn cache_identity(path: &Path) -> io::Result<Option<String>> {
    let unique_mount = StatxFlags::from_bits_retain(STATX_MNT_ID_UNIQUE);
    let stat = match rustix::fs::statx(rustix::fs::CWD, path, AtFlags::empty(), unique_mount) {
        Ok(stat) if stat.stx_mask & STATX_MNT_ID_UNIQUE != 0 => stat,
        Ok(_) | Err(Errno::NOSYS | Errno::INVAL) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(Some(format!("boot {} mount {}", boot.trim(), stat.stx_mnt_id)))
}

/// Since Linux 6.8.
const STATX_MNT_ID_UNIQUE: u32 = 0x4000;

pub(crate) fn metadata_len(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.len())
}

pub(crate) fn available_bytes(path: &Path) -> io::Result<u64> {
    let stat = rustix::io::retry_on_intr(|| rustix::fs::statvfs(path))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

pub(crate) fn total_bytes(path: &Path) -> io::Result<u64> {
    let stat = rustix::io::retry_on_intr(|| rustix::fs::statvfs(path))?;
    Ok(stat.f_blocks.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_number() {
        let table = ["4.18.0-553.el8", "5.4.0-216-generic", "5.8.0", "5.10.0-35-amd64", "6.1.0", "", "odd"];
        assert_eq!(table.map(is_at_least_5_8), [false, false, true, true, true, false, false]);
    }
}
