//! What of a log is in the page cache, as the kernel tells.
//!
//! Nothing is read for it but a few entries of one index, and files that are not open are opened one at a time, beside
//! those that the bound counts. Indexes are not counted: only the files of batches are.

use std::io;

use host::File;
use record::Offset;

use crate::reader::LogReader;
use crate::segment::Segment;

/// What of a log is in the page cache at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residency {
    /// The bytes of all segments, without their indexes.
    pub bytes: u64,
    /// How many of them are in the page cache.
    pub cached_bytes: u64,
    /// From this offset on everything is, up to the end of the log; that end itself when the last bytes are not. Exact to
    /// an entry of the offset index, and rather too high than too low.
    pub hot_from: Offset,
}

impl LogReader {
    /// Bytes that were to be sent to readers and had to be read from the disk first, since the log was opened.
    pub fn missed_bytes(&self) -> u64 {
        let view = self.shared().view.load();
        view.segments().first().map_or(0, |segment| segment.files().misses().bytes())
    }

    /// How many bytes of the segments are in the page cache; `None` where the system does not tell. Costs one system call
    /// for a segment, three for one whose file is not open; the kernel's work grows with the pages that it finds.
    ///
    /// # Errors
    /// A file cannot be opened, for want of descriptors for example.
    pub fn cached_bytes(&self) -> io::Result<Option<u64>> {
        let end = self.end();
        let view = self.shared().view.load();
        let mut sum = 0;
        for segment in view.segments() {
            match Cached::of(segment, segment.bytes_before(end))? {
                Some(cached) => sum += cached.bytes,
                None => return Ok(None),
            }
        }
        Ok(Some(sum))
    }

    /// As [`LogReader::cached_bytes`], with where the part at the end of the log begins that is all in the page cache.
    ///
    /// # Errors
    /// As of [`LogReader::cached_bytes`]; also when an index cannot be read.
    pub fn residency(&self) -> io::Result<Option<Residency>> {
        let end = self.end();
        let view = self.shared().view.load();
        let mut residency = Residency { bytes: 0, cached_bytes: 0, hot_from: end.offset };
        let mut is_all = true;
        for segment in view.segments().iter().rev() {
            let len = segment.bytes_before(end);
            let Some(cached) = Cached::of(segment, len)? else { return Ok(None) };
            residency.bytes += u64::from(len);
            residency.cached_bytes += cached.bytes;
            if is_all {
                is_all = cached.bytes == u64::from(len);
                let from = if is_all { Some(segment.base_offset) } else { cached.tail(segment, len)? };
                residency.hot_from = residency.hot_from.min(from.unwrap_or(end.offset));
            }
        }
        residency.hot_from = residency.hot_from.max(self.log_start_offset()).min(end.offset);
        Ok(Some(residency))
    }
}

/// Of one segment.
struct Cached {
    /// `None` when nothing was to be asked.
    file: Option<std::sync::Arc<File>>,
    bytes: u64,
}

impl Cached {
    /// `None` where the system does not tell. Of a segment that was deleted meanwhile nothing is cached.
    fn of(segment: &Segment, len: u32) -> io::Result<Option<Cached>> {
        if len == 0 {
            return Ok(Some(Cached { file: None, bytes: 0 }));
        }
        let file = match segment.log_aside() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && segment.is_given_up() => {
                return Ok(Some(Cached { file: None, bytes: 0 }));
            }
            file => file?,
        };
        if !segment.files().open_files().tells_cached(&file, u64::from(len) - 1)? {
            return Ok(None);
        }
        let bytes = file.cached_bytes(0, len.into());
        Ok(bytes.map(|bytes| Cached { file: Some(file), bytes }))
    }

    /// The first offset of the first batch with an index entry from which on the segment, which is not all cached, is.
    fn tail(&self, segment: &Segment, len: u32) -> io::Result<Option<Offset>> {
        let Some(file) = &self.file else { return Ok(None) };
        let from = tail_start(file, len);
        // A batch behind a page that is not there; its header is in the page cache.
        let entry = segment.offset_index.first_where_not(|entry| entry.position < from)?;
        let Some(entry) = entry.filter(|entry| entry.position < len) else { return Ok(None) };
        if !segment.agrees(entry, len)? {
            return Ok(None);
        }
        let batch = segment.scan(entry.position, len).next();
        Ok(batch.ok().flatten().map(|batch| batch.header.base_offset))
    }
}

/// From which position on everything up to `len` is in the page cache, to the page; less than all is.
fn tail_start(file: &File, len: u32) -> u32 {
    let (mut missing, mut cached) = (0, len);
    while cached - missing > PAGE {
        let middle = missing + (cached - missing) / 2;
        if file.is_cached(middle.into(), (cached - middle).into()) { cached = middle } else { missing = middle }
    }
    cached
}

/// The smallest page of any system.
const PAGE: u32 = 4096;

#[cfg(test)]
mod tests;
