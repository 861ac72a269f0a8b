//! How the last process stopped, and what of that is known to the next one.
//!
//! ```text
//! .kafka_cleanshutdown    every log was closed
//! .ottla-session          which page cache this process writes to, once everything in it can be trusted
//! ```
//!
//! The second is written when the process starts, but not before recovery from a power cut is complete: a process that
//! is killed during that has not verified all logs. Until then it says of no page cache that it can be trusted, and still
//! that what lies here above the recovery points was written by a process of ours, and not by Kafka or a copy. It goes when
//! the directory fails, because what a failed sync covered is in the page cache only, and nobody knows for how long.

use std::io;
use std::path::Path;

use host::Disk;

use super::Stop;
use crate::files;

pub(super) const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
const SESSION: &str = ".ottla-session";
/// In the place of a page cache: none that could be found again.
const NO_CACHE: &str = "none";

/// Reads how the last process stopped and removes the mark of a clean stop, durably. The session of this process is
/// written when what is there can be trusted already; whether it is comes second.
pub(super) fn begin(disk: &Disk, dir: &Path) -> io::Result<(Stop, bool)> {
    let last = files::read_if_there(disk, &dir.join(SESSION))?;
    let identity = disk.cache_identity(dir).ok().flatten();
    let marker = dir.join(CLEAN_SHUTDOWN);
    let stop = match disk.exists(&marker)? {
        true => Stop::Clean,
        false if is_of(last.as_deref(), identity.as_deref()) => Stop::Process,
        false if last.as_deref().is_some_and(is_ours) => Stop::Power,
        false => Stop::Unknown,
    };
    match stop {
        Stop::Clean => disk.remove_file(&marker)?,
        Stop::Process => {}
        // Which one it was would be wrong if this process were killed during recovery, and that it was ours would not.
        Stop::Power => {
            let kept = disk.write_atomic(&dir.join(SESSION), text(NO_CACHE).as_bytes());
            kept.or_else(|_| forget(disk, dir))?;
        }
        Stop::Unknown => forget(disk, dir)?,
    }
    disk.sync_dir(dir)?;
    let is_trusted = match stop {
        // Without it the next start takes longer, and that is all.
        Stop::Clean => trust(disk, dir).is_ok(),
        Stop::Process => true,
        Stop::Power | Stop::Unknown => false,
    };
    Ok((stop, is_trusted))
}

/// Writes the session: from now on the page cache holds nothing that was not written by a process of ours, or verified
/// by one.
pub(super) fn trust(disk: &Disk, dir: &Path) -> io::Result<()> {
    let identity = disk.cache_identity(dir).ok().flatten();
    let text = text(identity.as_deref().unwrap_or(NO_CACHE));
    disk.write_atomic(&dir.join(SESSION), text.as_bytes())
}

/// Removes the session: what is here was not written by a process of ours, or is not all of what was. Where that is not
/// durable, the next start after a power cut takes it for a power cut only.
pub(super) fn forget(disk: &Disk, dir: &Path) -> io::Result<()> {
    match disk.remove_file(&dir.join(SESSION)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn is_of(session: Option<&[u8]>, identity: Option<&str>) -> bool {
    matches!((session, identity), (Some(session), Some(identity)) if session == text(identity).as_bytes())
}

/// Whether a process of ours wrote it, in whatever page cache.
fn is_ours(session: &[u8]) -> bool {
    let identity = session.strip_prefix(b"0\n").and_then(|rest| rest.strip_suffix(b"\n"));
    identity.is_some_and(|identity| !identity.is_empty())
}

fn text(identity: &str) -> String {
    format!("0\n{identity}\n")
}
