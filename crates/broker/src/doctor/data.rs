//! The data directories: whose they are, who uses them, what they lie on, what is damaged in them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use host::{Disk, system};

use super::Finding;
use crate::config::Config;
use crate::start::{directories, identity};

/// A filesystem with less room than this is nearly full.
const ROOM_MIN: u64 = 1 << 30;
/// Appends are refused below this: see `storage::room`.
const ROOM_NONE: u64 = 32 << 20;
/// So few files can be made that topics will soon have no room.
const INODES_MIN: u64 = 10_000;

/// Filesystems that a log does not belong on, and why.
const BAD_FILESYSTEMS: [(&str, &str); 7] = [
    ("tmpfs", "it is memory: everything is lost when the machine stops"),
    ("ramfs", "it is memory: everything is lost when the machine stops"),
    ("overlay", "it is a container's layer: everything is lost with the container; mount a volume"),
    ("nfs", "a network filesystem's locks and syncs promise less than a local disk's"),
    ("nfs4", "a network filesystem's locks and syncs promise less than a local disk's"),
    ("cifs", "a network filesystem's locks and syncs promise less than a local disk's"),
    ("vfat", "it knows neither permissions nor fast preallocation"),
];

/// Returns whether a broker uses the directories now.
pub(super) fn examine(disk: &Disk, config: &Config, findings: &mut Vec<Finding>) -> bool {
    let mut dirs = config.log_dirs.clone();
    let made: Vec<_> = dirs.iter().map(|_| None).collect();
    if let Err(error) = directories::refuse_same(&dirs, &made) {
        findings.push(Finding::fail("data", error.to_string(), "nothing was changed"));
    }
    if !dirs.iter().any(|dir| is_metadata_dir(config, dir)) {
        dirs.push(config.metadata_dir.clone());
    }
    let examined = dirs.iter().map(|dir| examine_one(disk, config, &dirs, dir, findings));
    examined.fold(false, |is_running, one| is_running | one)
}

/// The directory of the metadata log may have another name among the others.
fn is_metadata_dir(config: &Config, dir: &Path) -> bool {
    dir == config.metadata_dir || system::is_same(dir, &config.metadata_dir).unwrap_or(false)
}

fn examine_one(disk: &Disk, config: &Config, dirs: &[PathBuf], dir: &Path, findings: &mut Vec<Finding>) -> bool {
    let lost = directories::refuse_lost(disk, &config.metadata_dir, dir, dirs).map_err(|error| error.to_string());
    let entries = match disk.read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            absent(dir, findings);
            findings.extend(lost.err().map(|error| Finding::fail("identity", error, "nothing was changed")));
            return false;
        }
        Err(error) => {
            let text = format!("{}: {error}", dir.display());
            findings.push(Finding::fail("data", text, "let the broker's user read it, or name another with --data"));
            return false;
        }
    };
    findings.push(writable(dir));
    owner(dir, findings);
    let is_running = lock(dir, findings);
    let beside = (!is_metadata_dir(config, dir)).then_some(config.metadata_dir.as_path());
    let whose = identity::examine(disk, dir, config.node_id, beside).map_err(|error| error.to_string());
    findings.push(match lost.and(whose) {
        Ok(whose) => Finding::ok("identity", whose),
        Err(error) => Finding::fail("identity", error, "nothing was changed"),
    });
    if !is_running && entries.iter().any(|entry| entry.name == identity::METADATA || entry.name == identity::FILE) {
        let is_clean = entries.iter().any(|entry| entry.name == ".kafka_cleanshutdown");
        let text = if is_clean { "the last broker stopped cleanly" } else { "the last broker did not stop cleanly" };
        let how = if is_clean { "" } else { ": the next start recovers its logs" };
        findings.push(Finding::ok("shutdown", format!("{text}{how}")));
    }
    room(dir, findings);
    mount(dir, findings);
    damage(disk, dir, findings);
    is_running
}

fn absent(dir: &Path, findings: &mut Vec<Finding>) {
    let parent =
        dir.ancestors().skip(1).map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let Some(parent) = parent.into_iter().find(|parent| system::space(parent).is_ok()) else { return };
    findings.push(match system::may_write(parent) {
        Ok(()) => Finding::ok("data", format!("{} is not there yet; the first start makes it", dir.display())),
        Err(error) => {
            let text = format!("{} cannot be made: {}: {error}", dir.display(), parent.display());
            Finding::fail("data", text, "make it and give it to the broker's user, or name another with --data")
        }
    });
    room(parent, findings);
    mount(parent, findings);
}

fn writable(dir: &Path) -> Finding {
    match system::may_write(dir) {
        Ok(()) => Finding::ok("data", format!("{} can be read and written", dir.display())),
        Err(error) => {
            let text = format!("{}: {error}", dir.display());
            Finding::fail("data", text, "run as its owner, or give it to the broker's user with chown -R")
        }
    }
}

fn owner(dir: &Path, findings: &mut Vec<Finding>) {
    if let Ok((owner, user)) = system::owner_and_user(dir)
        && owner != user
    {
        let text = format!("{} belongs to user {owner}, and this is user {user}", dir.display());
        findings.push(Finding::warn("owner", text, "files made by one may be closed to the other: run as the owner"));
    }
}

fn lock(dir: &Path, findings: &mut Vec<Finding>) -> bool {
    match system::lock_holder(dir) {
        Ok(None) => findings.push(Finding::ok("lock", "no broker uses the directory")),
        Ok(Some(pid)) => {
            let text = format!("process {pid} uses the directory: {}", system::command_line(pid));
            findings.push(Finding::warn("lock", text, "a second broker does not start here; stop that one first"));
            return true;
        }
        Err(error) => {
            findings.push(Finding::warn("lock", format!("who uses the directory is not known: {error}"), ""));
        }
    }
    false
}

fn room(dir: &Path, findings: &mut Vec<Finding>) {
    let Ok(space) = system::space(dir) else { return };
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    let text = format!("{} of {} are free", gib(space.available_bytes), gib(space.bytes));
    let advice = "make room, or lower retention.ms and retention.bytes";
    findings.push(match space.available_bytes {
        ..ROOM_NONE => Finding::fail("room", format!("{text}: records are refused"), advice),
        bytes if bytes < ROOM_MIN => Finding::warn("room", text, advice),
        _ => Finding::ok("room", text),
    });
    if space.inodes > 0 && space.available_inodes < INODES_MIN {
        let text = format!("{} files can be made", space.available_inodes);
        findings.push(Finding::warn(
            "inodes",
            text,
            "a segment needs three or four files; remove others or grow the disk",
        ));
    }
}

fn mount(dir: &Path, findings: &mut Vec<Finding>) {
    let Ok(Some(mount)) = system::mount_of(dir) else { return };
    let text = format!("{} on {}", mount.kind, mount.point);
    let has = |option: &str| mount.options.iter().any(|known| known == option);
    if let Some((_, why)) = BAD_FILESYSTEMS.iter().find(|(kind, _)| *kind == mount.kind) {
        findings.push(Finding::warn("filesystem", format!("{text}: {why}"), "choose a directory on ext4 or xfs"));
    } else if has("ro") {
        findings.push(Finding::fail(
            "filesystem",
            format!("{text} is read-only"),
            "mount it read-write; see dmesg for why",
        ));
    } else if has("nobarrier") || has("barrier=0") {
        let text = format!("{text} is mounted without barriers");
        findings.push(Finding::warn(
            "filesystem",
            text,
            "a power cut may lose what was made durable; mount it with them",
        ));
    } else {
        findings.push(Finding::ok("filesystem", text));
    }
    if has("sync") {
        findings.push(Finding::warn(
            "filesystem",
            "every write is synced by the mount option sync",
            "mount it without",
        ));
    }
}

fn damage(disk: &Disk, dir: &Path, findings: &mut Vec<Finding>) {
    let mut damaged = Vec::new();
    for log in disk.read_dir(dir).unwrap_or_default().iter().filter(|entry| entry.is_dir) {
        let files = disk.read_dir(&dir.join(&log.name)).unwrap_or_default();
        damaged.extend(
            files
                .iter()
                .filter(|file| file.name.ends_with(".damage"))
                .map(|file| format!("{}/{}", log.name, file.name)),
        );
    }
    if damaged.is_empty() {
        findings.push(Finding::ok("damage", "no damage is on record"));
        return;
    }
    let shown = damaged.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    let text = format!("{} segments have damage that was found before: {shown}", damaged.len());
    let advice = "see `ottla log dump` and the copies in quarantine/; check the disk; reading there is an error until the records expire";
    findings.push(Finding::warn("damage", text, advice));
}
