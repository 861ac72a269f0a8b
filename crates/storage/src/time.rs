//! Look-ups by time: exact to the record, which means that the batch in question is opened.

use record::{Batch, Limits, Offset, Record, Timestamp};

use crate::reader::ReadError;
use crate::segment::{Located, Segment};

/// A record's offset and timestamp.
pub type Found = (Offset, Timestamp);

/// The earliest record of a segment with at least `timestamp`, from `start` and before `upper`.
pub fn earliest(segment: &Segment, timestamp: Timestamp, start: Offset, upper: Offset) -> Result<Option<Found>, ReadError> {
    // All records up to this entry are older than what is looked for.
    let older = segment.times.floor(timestamp.0 - 1)?.map_or(segment.base, |entry| segment.base + i64::from(entry.offset));
    let Some(first) = segment.locate(older.max(start), segment.len())? else { return Ok(None) };
    for batch in segment.scan(first.position, segment.len()) {
        let batch = batch?;
        if batch.header.base_offset >= upper {
            break;
        }
        if batch.header.max_timestamp < timestamp {
            continue;
        }
        let fits = |record: &Record<'_>| record.timestamp >= timestamp && record.offset >= start && record.offset < upper;
        if let Some(found) = first_record(segment, &batch, fits)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The earliest record of a segment that has the greatest timestamp in it.
pub fn greatest(segment: &Segment, start: Offset, upper: Offset) -> Result<Option<Found>, ReadError> {
    let mut best: Option<Located> = None;
    for batch in segment.scan(0, segment.len()) {
        let batch = batch?;
        let visible = batch.header.last_offset() >= start && batch.header.base_offset < upper;
        if visible && best.as_ref().is_none_or(|best| batch.header.max_timestamp > best.header.max_timestamp) {
            best = Some(batch);
        }
    }
    let Some(best) = best else { return Ok(None) };
    let timestamp = best.header.max_timestamp;
    first_record(segment, &best, |record| record.timestamp == timestamp)
}

fn first_record(segment: &Segment, located: &Located, fits: impl Fn(&Record<'_>) -> bool) -> Result<Option<Found>, ReadError> {
    let mut bytes = vec![0; located.header.total_len()];
    segment.log.read_exact_at(&mut bytes, u64::from(located.position))?;
    let corrupt = |what: String| ReadError::Corrupt(format!("batch at offset {}: {what}", located.header.base_offset));
    let batch = Batch::parse(&bytes).map_err(|error| corrupt(error.to_string()))?;
    if !batch.crc_ok() {
        return Err(corrupt("its checksum is wrong".to_owned()));
    }
    let mut scratch = Vec::new();
    let records = batch.records(&Limits::default(), &mut scratch).map_err(|error| corrupt(error.to_string()))?;
    for record in records {
        let record = record.map_err(|error| corrupt(error.to_string()))?;
        if fits(&record) {
            return Ok(Some((record.offset, record.timestamp)));
        }
    }
    Ok(None)
}
