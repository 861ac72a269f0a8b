//! Which segments have to go for `retention.bytes`: a decision only.

use std::sync::Arc;

use record::Offset;

use crate::segment::Segment;

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
