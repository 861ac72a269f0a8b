//! Which records have expired: decisions only.

use std::sync::Arc;

use record::{Offset, Timestamp};

use crate::end::LogPosition;
use crate::reader::ReadError;
use crate::segment::Segment;
use crate::timestamps;

/// Where the log begins by `retention.bytes`: as in Kafka, the oldest segments go while the others together still have so
/// many bytes. Those that reach beyond `upper` stay; negative: no limit.
pub(crate) fn by_size(
    segments: &[Arc<Segment>],
    bytes: impl Fn(&Segment) -> u32,
    retention_bytes: i64,
    upper: Offset,
    end: Offset,
) -> Offset {
    let sizes = || segments.iter().map(|segment| u64::from(bytes(segment)));
    let Ok(retained) = u64::try_from(retention_bytes) else { return segments[0].base_offset };
    let mut surplus = sizes().sum::<u64>().saturating_sub(retained);
    let mut start = segments[0].base_offset;
    let ends = segments[1..].iter().map(|next| next.base_offset).chain([end]);
    for (size, end) in sizes().zip(ends) {
        if size == 0 || size > surplus || end > upper {
            break;
        }
        surplus -= size;
        start = end;
    }
    start
}

/// The offset of the earliest record from `from` on that is not older than `cutoff`; `upper` when all below it are.
pub(crate) fn first_unexpired(
    segments: &[Arc<Segment>],
    cutoff: Timestamp,
    from: Offset,
    upper: Offset,
    end: LogPosition,
) -> Result<Offset, ReadError> {
    let found = timestamps::earliest_at_or_after(segments, cutoff, upper, end)?;
    Ok(found.map_or(upper, |(offset, _)| offset).max(from))
}
