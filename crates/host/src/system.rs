//! What the system says of itself and of this process: `/proc`, the mounts, the room on a filesystem. Nothing here changes anything.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "this module is a door to the system's files")]

mod sockets;

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::process::{Resource, getrlimit};

pub use sockets::{Owner, listener_on};

/// More of a file of `/proc` is not read.
const READ_MAX: u64 = 4 << 20;

/// The text of a file that the system makes up, such as those below `/proc`; their lengths say nothing.
pub fn read_text(path: &str) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(READ_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What this process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    /// Seconds of CPU time, of user and system together.
    pub cpu_seconds: f64,
    /// Bytes of memory that are resident.
    pub resident_bytes: u64,
    /// Bytes of address space.
    pub virtual_bytes: u64,
    /// Seconds since the Unix epoch.
    pub start_seconds: f64,
    /// Threads.
    pub threads: u64,
    /// Descriptors that are open.
    pub open_descriptors: u64,
    /// Descriptors that may be open.
    pub max_descriptors: Option<u64>,
}

/// Reads the accounts of this process; what cannot be read is 0.
pub fn process() -> Process {
    let stat = read_text("/proc/self/stat").unwrap_or_default();
    // The name of the process may hold blanks; it ends with the last bracket.
    let fields: Vec<u64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
        .unwrap_or_default();
    let field = |number: usize| fields.get(number - 3).copied().unwrap_or(0);
    let ticks = rustix::param::clock_ticks_per_second().max(1) as f64;
    let boot = read_text("/proc/stat").unwrap_or_default();
    let boot = boot.lines().find_map(|line| line.strip_prefix("btime ")?.parse::<f64>().ok()).unwrap_or(0.0);
    Process {
        cpu_seconds: (field(14) + field(15)) as f64 / ticks,
        resident_bytes: field(24) * rustix::param::page_size() as u64,
        virtual_bytes: field(23),
        start_seconds: boot + field(22) as f64 / ticks,
        threads: field(20),
        open_descriptors: fs::read_dir("/proc/self/fd").map_or(0, |names| names.count() as u64),
        max_descriptors: getrlimit(Resource::Nofile).current,
    }
}

/// The soft and the hard limit of open descriptors; `None` is no limit.
pub fn open_files_limits() -> (Option<u64>, Option<u64>) {
    let limit = getrlimit(Resource::Nofile);
    (limit.current, limit.maximum)
}

/// The fields of `/proc/self/io` by name: what was read and written through system calls (`rchar`, `wchar`), and what
/// reached the disk (`read_bytes`, `write_bytes`).
pub fn process_io() -> Vec<(String, u64)> {
    let text = read_text("/proc/self/io").unwrap_or_default();
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().parse().ok()?))
    };
    text.lines().filter_map(field).collect()
}

/// The room on a filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes in all.
    pub bytes: u64,
    /// Bytes that this process may still write.
    pub available_bytes: u64,
    /// Files in all; 0 where there is no limit.
    pub inodes: u64,
    /// Files that may still be made.
    pub available_inodes: u64,
}

/// The room on the filesystem that holds `path`.
pub fn space(path: &Path) -> io::Result<Space> {
    let stat = rustix::io::retry_on_intr(|| rustix::fs::statvfs(path))?;
    Ok(Space {
        bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        available_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        inodes: stat.f_files,
        available_inodes: stat.f_favail,
    })
}

/// How a filesystem is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub point: String,
    /// Its type: `ext4`, `xfs` ...
    pub kind: String,
    /// Options of the mount and of the filesystem.
    pub options: Vec<String>,
}

/// The mount that `path`, which must exist, is on.
pub fn mount_of(path: &Path) -> io::Result<Option<Mount>> {
    let path = fs::canonicalize(path)?;
    Ok(find_mount(&read_text("/proc/self/mountinfo")?, &path))
}

/// The last of the mounts with the longest point: a later one lies over an earlier one.
fn find_mount(mountinfo: &str, path: &Path) -> Option<Mount> {
    let parse = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let left: Vec<&str> = left.split(' ').collect();
        let right: Vec<&str> = right.split(' ').collect();
        let options = left.get(5)?.split(',').chain(right.get(2).copied().unwrap_or_default().split(','));
        let point = left.get(4)?.replace("\\040", " ");
        Some(Mount { point, kind: (*right.first()?).to_owned(), options: options.map(str::to_owned).collect() })
    };
    let holds = |mount: &Mount| path.starts_with(&mount.point);
    mountinfo.lines().filter_map(parse).filter(holds).max_by_key(|mount| mount.point.len())
}

/// Whether this process may make files in a directory; an answer of the system, nothing is tried.
pub fn may_write(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?)
}

/// The user id that owns `path`, and that of this process.
pub fn owner_and_user(path: &Path) -> io::Result<(u32, u32)> {
    Ok((fs::metadata(path)?.uid(), rustix::process::geteuid().as_raw()))
}

/// Whether two paths lead to the same directory, by links or mounts perhaps.
pub fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (fs::metadata(one)?, fs::metadata(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Who holds the lock of a directory (see [`crate::Disk::lock_dir`]): the process id, where the system tells it. `None`
/// when nobody does. The lock is not touched.
pub fn lock_holder(dir: &Path) -> io::Result<Option<u32>> {
    let inode = match fs::metadata(dir.join(".lock")) {
        Ok(metadata) => format!(":{}", metadata.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let locks = read_text("/proc/locks")?;
    let holder = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.get(1) == Some(&"FLOCK") && fields.get(5).is_some_and(|id| id.ends_with(&inode));
        is_it.then(|| fields.get(4).and_then(|pid| pid.parse().ok()).unwrap_or(0))
    };
    Ok(locks.lines().find_map(holder))
}

/// The command line of a process, cut at 200 characters; empty when it cannot be read.
pub fn command_line(pid: u32) -> String {
    let line = read_text(&format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.replace('\0', " ").trim().chars().take(200).collect()
}

/// The memory limit of this process's control group, in bytes, and where it was found; `None` when there is none.
pub fn memory_limit() -> Option<(u64, PathBuf)> {
    let groups = read_text("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mut dir = PathBuf::from(format!("/sys/fs/cgroup{group}"));
    let mut least: Option<(u64, PathBuf)> = None;
    while dir.starts_with("/sys/fs/cgroup") {
        let file = dir.join("memory.max");
        let limit = read_text(&file.to_string_lossy()).ok().and_then(|text| text.trim().parse().ok());
        if let Some(limit) = limit.filter(|limit| least.as_ref().is_none_or(|(least, _)| limit < least)) {
            least = Some((limit, file));
        }
        dir.pop();
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_has_used_something() {
        let process = process();
        assert!(process.resident_bytes > 100_000 && process.threads > 0 && process.open_descriptors > 2, "{process:?}");
        assert!(process.start_seconds > 1.6e9, "{process:?}");
        assert!(process_io().iter().any(|(name, value)| name == "rchar" && *value > 0));
    }

    #[test]
    fn the_deepest_mount_is_the_one() {
        let text = "22 1 8:1 / / rw,relatime - ext4 /dev/a rw,errors=remount-ro\n\
                    30 22 8:2 / /var/lib rw,noatime shared:1 - xfs /dev/b rw,noquota\n";
        let mount = find_mount(text, Path::new("/var/lib/ottla")).unwrap();
        assert_eq!((mount.point.as_str(), mount.kind.as_str()), ("/var/lib", "xfs"));
        assert!(mount.options.contains(&"noatime".to_owned()));
        assert_eq!(find_mount(text, Path::new("/var/library")).unwrap().kind, "ext4");
    }

    #[test]
    fn the_holder_of_a_lock_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(lock_holder(dir.path()).unwrap(), None);
        let lock = crate::Disk::real().lock_dir(dir.path()).unwrap();
        assert_eq!(lock_holder(dir.path()).unwrap(), Some(std::process::id()));
        drop(lock);
        assert_eq!(lock_holder(dir.path()).unwrap(), None);
    }
}
