//! What of a file is in the page cache, and reads that do not wait for what is not.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd as _, BorrowedFd};

use rustix::io::{Errno, ReadWriteFlags};

/// How much of `[position, position + len)` is in the page cache, as far as the kernel tells: one `cachestat`, which
/// Linux has since 6.5; `None` where it has none. A page that is not there counts whole, so the range is all there when and
/// only when this is `len`.
#[allow(unsafe_code)]
pub(crate) fn cached_bytes(file: BorrowedFd<'_>, position: u64, len: u64) -> Option<u64> {
    // A length of 0 would mean all up to the end of the file.
    let range = Range { position, len: len.max(1) };
    let mut pages = Pages::default();
    // SAFETY: both structures are as the kernel declares them, and live until the call returns.
    let result = unsafe { libc::syscall(SYS_CACHESTAT, file.as_raw_fd(), &raw const range, &raw mut pages, 0) };
    let page = rustix::param::page_size() as u64;
    let (first, last) = (position / page, (position + range.len - 1) / page);
    let missing = (last - first + 1).saturating_sub(pages.cached);
    (result == 0).then(|| len.saturating_sub(missing.saturating_mul(page)))
}

/// The same on every architecture that has it.
const SYS_CACHESTAT: libc::c_long = 451;

/// `struct cachestat_range`.
#[repr(C)]
struct Range {
    position: u64,
    len: u64,
}

/// `struct cachestat`.
#[repr(C)]
#[derive(Default)]
struct Pages {
    cached: u64,
    dirty: u64,
    writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

/// Fills `buffer` from the page cache with one `preadv2`, more where it reads less; `false` when a part would have to come
/// from the disk. `None` where the system cannot tell.
///
/// # Errors
/// `UnexpectedEof` when the file ends before.
pub(crate) fn read_cached(file: BorrowedFd<'_>, mut buffer: &mut [u8], mut position: u64) -> io::Result<Option<bool>> {
    while !buffer.is_empty() {
        match rustix::io::preadv2(file, &mut [IoSliceMut::new(buffer)], position, ReadWriteFlags::NOWAIT) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                position += read as u64;
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(Some(false)),
            // Not supported, or forbidden; what else is wrong the plain read will tell.
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(true))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::{Disk, File, Open};

    const LEN: usize = 1 << 20;

    /// Written, and taken out of the page cache; `None` where the filesystem has nothing else.
    fn cold(dir: &Path) -> Option<File> {
        let path = dir.join("file");
        Disk::real().write_atomic(&path, &vec![7; LEN]).unwrap();
        let file = Disk::real().open(&path, Open::Read).unwrap();
        rustix::fs::fadvise(file.fd()?, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        (!file.is_cached(0, LEN as u64)).then_some(file)
    }

    #[test]
    fn what_is_not_in_the_page_cache_is_told_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let Some(file) = cold(dir.path()) else { return };
        let mut buffer = vec![0; 1000];
        assert!(!file.read_cached_at(&mut buffer, 0).unwrap());
        file.read_exact_at(&mut vec![0; LEN], 0).unwrap();
        assert_eq!(file.cached_bytes(4096, 4097), Some(4097));
        // Beyond the end nothing is: the last page is of this file, the one behind it of none.
        assert_eq!(file.cached_bytes(LEN as u64 - 4096, 2 * 4096), Some(4096));
        assert_eq!(file.cached_bytes(LEN as u64 - 1, 2), Some(0), "a page that is missing counts whole");
        assert_eq!(file.cached_bytes(0, 0), Some(0));
        assert!(file.is_cached(0, LEN as u64) && file.is_cached(4097, 1) && file.is_cached(LEN as u64 - 1, 1));
        assert!(file.read_cached_at(&mut buffer, 4000).unwrap());
        assert_eq!(buffer, [7; 1000]);
        let beyond = file.read_cached_at(&mut buffer, LEN as u64 - 999).unwrap_err();
        assert_eq!(beyond.kind(), std::io::ErrorKind::UnexpectedEof);
    }
}
