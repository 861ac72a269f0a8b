//! The names of the files in a partition's directory.

use std::io;
use std::path::{Path, PathBuf};

use host::{Disk, Open};
use record::Offset;

pub(crate) const LOG: &str = "log";
pub(crate) const OFFSET_INDEX: &str = "index";
pub(crate) const TIME_INDEX: &str = "timeindex";
pub(crate) const SNAPSHOT: &str = "snapshot";
/// Ours: the last batches of each producer, beside Kafka's snapshot of the last one.
pub(crate) const WINDOWS: &str = "windows";
/// The aborted transactions of a segment.
pub(crate) const TXN_INDEX: &str = "txnindex";
/// Ours: what recovery found damaged in a segment.
pub(crate) const DAMAGE: &str = "damage";
/// Follows the name of a file that is about to be removed.
pub(crate) const DELETED: &str = ".deleted";
pub(crate) const PARTITION_METADATA: &str = "partition.metadata";
/// Ours: the same with a checksum.
pub(crate) const PARTITION_METADATA_COPY: &str = "partition.metadata.copy";
pub(crate) const EPOCHS: &str = "leader-epoch-checkpoint";

/// What a file of a segment holds: one byte in each of the many that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Log,
    OffsetIndex,
    TimeIndex,
}

impl Kind {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Kind::Log => LOG,
            Kind::OffsetIndex => OFFSET_INDEX,
            Kind::TimeIndex => TIME_INDEX,
        }
    }
}

/// `<offset as 20 digits>.<extension>` in `dir`.
pub(crate) fn path(dir: &Path, offset: Offset, extension: &str) -> PathBuf {
    dir.join(format!("{:020}.{extension}", offset.0))
}

/// The offsets that name the files with this extension, ascending.
pub(crate) fn offsets(disk: &Disk, dir: &Path, extension: &str) -> io::Result<Vec<Offset>> {
    let entries = disk.read_dir(dir)?;
    let files = entries.iter().filter(|entry| !entry.is_dir);
    let mut offsets: Vec<Offset> = files.filter_map(|entry| offset_of(&entry.name, extension)).collect();
    offsets.sort_unstable();
    Ok(offsets)
}

/// Whether what is written must be there after a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durable {
    Yes,
    No,
}

/// Replaces the content of a file, so that the death of the process leaves the old or the new one, and a power cut does if it
/// is durable; else it may leave anything.
pub(crate) fn replace(disk: &Disk, path: &Path, bytes: &[u8], durable: Durable) -> io::Result<()> {
    if durable == Durable::Yes {
        return disk.write_atomic(path, bytes);
    }
    let mut temporary = path.to_owned();
    temporary.as_mut_os_string().push(".tmp");
    let file = match disk.open(&temporary, Open::CreateNew) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = disk.open(&temporary, Open::ReadWrite)?;
            file.set_len(0)?;
            file
        }
        file => file?,
    };
    file.write_all_at(bytes, 0)?;
    disk.rename(&temporary, path)
}

/// The content, or `None` when there is no such file.
pub(crate) fn read_if_there(disk: &Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    match disk.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Offsets so large that a segment from there on would reach beyond the last one name no file of ours.
pub(crate) fn offset_of(name: &str, extension: &str) -> Option<Offset> {
    let digits = name.strip_suffix(extension)?.strip_suffix('.')?;
    let is_number = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let offset: i64 = is_number.then(|| digits.parse().ok())??;
    (offset <= i64::MAX - (1 << 33)).then_some(Offset(offset))
}
