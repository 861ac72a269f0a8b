//! The names of deleted logs' directories, and the text of `partition.metadata`.

use record::Uuid;

use crate::moving::FUTURE;
use crate::{checkpoint, files};

/// `<topic>-<partition>.<32 hex digits>-delete`, the topic cut where the name would be too long. The digits of the first
/// `attempt` are those of the topic's id; those of later ones differ, for when a log of the topic was deleted here before.
pub(super) fn deleted(name: &str, id: Uuid, attempt: u64) -> String {
    suffixed(name, u128::from_be_bytes(id.0) ^ u128::from(attempt.wrapping_mul(SPREAD)), DELETED)
}

/// As [`deleted`], of the copy of a log that is to replace the log in another directory.
pub(crate) fn future(name: &str, id: Uuid) -> String {
    suffixed(name, u128::from_be_bytes(id.0), FUTURE)
}

fn suffixed(name: &str, id: u128, end: &str) -> String {
    let suffix = format!(".{id:032x}{end}");
    let (topic, partition) = name.rsplit_once('-').unwrap_or((name, "0"));
    let room = NAME_BYTES_MAX - suffix.len() - partition.len() - 1;
    let topic = &topic[..topic.floor_char_boundary(room)];
    format!("{topic}-{partition}{suffix}")
}

pub(super) fn is_deleted(name: &str) -> bool {
    has_suffix(name, DELETED)
}

/// Whether a directory of this name holds the copy of a log.
pub(crate) fn is_future(name: &str) -> bool {
    has_suffix(name, FUTURE)
}

fn has_suffix(name: &str, end: &str) -> bool {
    let id = name.strip_suffix(end).and_then(|name| name.rsplit_once('.')).map(|(_, id)| id);
    id.is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a directory of this name holds a log.
pub(super) fn is_log(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, index)| index.parse::<u32>().is_ok())
}

pub(super) fn parse_partition_metadata(bytes: &[u8]) -> Option<Uuid> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let version = lines.next()?.strip_prefix("version: ")?;
    let id = lines.next()?.strip_prefix("topic_id: ")?.parse().ok()?;
    (version == "0").then_some(id)
}

/// The files that say whose log it is: the copy first, so that the other is never alone.
pub(crate) fn partition_metadata(id: Uuid) -> [(&'static str, Vec<u8>); 2] {
    let text = format!("version: 0\ntopic_id: {id}").into_bytes();
    [(files::PARTITION_METADATA_COPY, checkpoint::with_checksum(&text)), (files::PARTITION_METADATA, text)]
}

const DELETED: &str = "-delete";
/// What filesystems take as a name.
pub(super) const NAME_BYTES_MAX: usize = 255;
/// Odd, so that no two attempts have the same digits; large, so that these look like others.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
