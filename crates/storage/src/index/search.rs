//! Finds an offset in an index with few reads: batches of one log are much alike, so that the entry mostly is where the
//! offset's share of all offsets says.

use std::io;
use std::ops::Range;

use super::{Entry as _, Index, OffsetEntry, PER_BLOCK, unless_missing};
use crate::open_files::Patience;

/// After so many blocks that were guessed wrong the rest is halved: an index of batches that are not alike.
const GUESSES: u32 = 3;

/// The entries beside an offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    /// The last below it. Where the file is damaged this may be another one for which that holds, or none.
    pub(crate) below: Option<OffsetEntry>,
    /// The one after that; `None` also where it was not at hand.
    pub(crate) above: Option<OffsetEntry>,
}

const LEN: usize = OffsetEntry::LEN;

/// What one read gave: the entries of a block, and the first one after it.
struct Block {
    bytes: [u8; (PER_BLOCK as usize + 1) * LEN],
    count: usize,
}

impl Block {
    fn entry(&self, at: usize) -> OffsetEntry {
        OffsetEntry::decode(&self.bytes[at * LEN..])
    }

    /// How many entries are before the first that is not below.
    fn partition_point(&self, is_below: impl Fn(OffsetEntry) -> bool) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_below(self.entry(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

impl Index<OffsetEntry> {
    /// The entries beside a relative offset.
    pub(crate) fn beside(&self, relative: i64, patience: Patience) -> io::Result<Beside> {
        let found = self.locate(relative, patience);
        unless_missing(found.map(Some)).map(Option::unwrap_or_default)
    }

    fn locate(&self, relative: i64, patience: Patience) -> io::Result<Beside> {
        let is_below = |entry: OffsetEntry| i64::from(entry.relative_offset) < relative;
        let count = self.count();
        if count == 0 {
            return Ok(Beside::default());
        }
        let mut left = Span { blocks: 0..count.div_ceil(PER_BLOCK), offsets: 0..0 };
        // Most look-ups are for what was appended lately.
        let mut at = left.blocks.end - 1;
        for read in 1.. {
            let block = self.block(at, count, patience)?;
            let (first, last) = (block.entry(0), block.entry(block.count - 1));
            if !is_below(first) && at > left.blocks.start {
                (left.blocks.end, left.offsets.end) = (at, i64::from(first.relative_offset));
            } else if is_below(last) && at + 1 < left.blocks.end {
                (left.blocks.start, left.offsets.start) = (at + 1, i64::from(last.relative_offset));
            } else {
                let at = block.partition_point(is_below);
                let below = at.checked_sub(1).map(|below| block.entry(below));
                return Ok(Beside { below, above: (at < block.count).then(|| block.entry(at)) });
            }
            at = if read <= GUESSES { left.guess(relative) } else { left.middle() };
        }
        unreachable!("each read leaves fewer blocks")
    }

    fn block(&self, block: u32, count: u32, patience: Patience) -> io::Result<Block> {
        let first = block * PER_BLOCK;
        let count = (count - first).min(PER_BLOCK + 1) as usize;
        let mut block = Block { bytes: [0; _], count };
        self.file.read_exact_at(&mut block.bytes[..count * LEN], u64::from(first) * LEN as u64, patience)?;
        Ok(block)
    }
}

/// The blocks among which the entry can be, never none, and the relative offsets that they are between.
struct Span {
    blocks: Range<u32>,
    offsets: Range<i64>,
}

impl Span {
    fn guess(&self, relative: i64) -> u32 {
        let all = (self.offsets.end - self.offsets.start).max(1);
        let share = (relative - self.offsets.start).clamp(0, all - 1);
        self.blocks.start + (i64::from(self.len()) * share / all) as u32
    }

    fn middle(&self) -> u32 {
        self.blocks.start + self.len() / 2
    }

    fn len(&self) -> u32 {
        self.blocks.end - self.blocks.start
    }
}
