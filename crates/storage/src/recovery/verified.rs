//! Verifying a segment: its bytes from the start of what is not trusted, its indexes, its damage.

use std::io;
use std::ops::Range;

use record::Offset;

use super::Files;
use super::damage;
use super::listing::Listing;
use super::start::{Start, Trusted};
use super::verify::{Extent, walk};
use crate::index::{Entry, Index, OffsetEntry, TimeEntry};
use crate::segment::{Damage, Segment};
use crate::sparse::Sparse;

/// A segment whose bytes up to the end of `extent` are known.
pub(super) struct Verified {
    pub(super) segment: Segment,
    pub(super) len: u32,
    pub(super) extent: Extent,
    pub(super) found: Vec<Damage>,
    pub(super) sparse: Sparse,
    offsets_kept: u32,
    times_kept: u32,
    offsets: Vec<OffsetEntry>,
    times: Vec<TimeEntry>,
}

/// Reads the segment from where it isn't trusted. Changes nothing.
pub(super) fn read(
    files: Files<'_>,
    listing: &Listing,
    base_offset: Offset,
    limit: Option<Offset>,
    trusted: Trusted,
) -> io::Result<Verified> {
    let segment = files.segment(base_offset)?;
    let len = segment.file_len()?;
    let (known, trusted) = match damage::known(files, listing, &segment, len)? {
        Some(known) => (known, trusted),
        None => (Vec::new(), Trusted::Nothing),
    };
    let segment = segment.with_damage(known);
    let start = Start::find(files, &segment, len, trusted)?;
    let limit = limit.unwrap_or(segment.offset_limit()).min(segment.offset_limit());
    let Start { position, offset, mut sparse, offsets_kept, times_kept, mut offsets, mut times } = start;
    let extent = walk(&*segment.log()?, position, len, offset..limit, |header, position| {
        let (entry, time) = sparse.pass(header, position);
        offsets.extend(entry);
        times.extend(time);
    })?;
    let before =
        segment.damage().iter().copied().filter(|damage| damage.end() <= position && damage.position < position);
    let damaged =
        |range: &Range<u32>| Damage { segment: base_offset, position: range.start, len: range.end - range.start };
    let found = before.chain(extent.damage.iter().map(damaged)).collect();
    Ok(Verified { segment, len, extent, found, sparse, offsets_kept, times_kept, offsets, times })
}

impl Verified {
    /// A segment that gets no more batches has an entry for its largest timestamp.
    pub(super) fn finish_times(&mut self) {
        self.times.extend(self.sparse.time_entry());
    }

    /// Remembers the damage, and writes the indexes as far as they differ.
    pub(super) fn settle(self, files: Files<'_>, listing: &Listing) -> io::Result<(Segment, Sparse)> {
        damage::remember(files, listing, &self.segment, &self.found)?;
        complete(&self.segment.offset_index, self.offsets_kept, &self.offsets)?;
        complete(&self.segment.time_index, self.times_kept, &self.times)?;
        Ok((self.segment.with_damage(self.found), self.sparse))
    }
}

fn complete<E: Entry>(index: &Index<E>, kept: u32, added: &[E]) -> io::Result<()> {
    if !index.has_exactly(kept) {
        index.keep_first(kept)?;
    }
    index.append(added)
}
