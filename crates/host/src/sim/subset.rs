//! Which pending changes survive a power cut.

use std::sync::Arc;

use super::op::{Change, Inode};
use crate::Rng;

/// A subset of the pending changes; they are counted from 0, oldest first.
///
/// Where names become durable in order, the loss of one takes the later ones with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subset {
    /// All are lost.
    None,
    /// All survive.
    All,
    /// Only this one survives.
    Only(usize),
    /// Only this one is lost.
    AllBut(usize),
    /// The seed decides about each, and tears writes: at any byte, or into 512-byte sectors of which any survive, or to
    /// nothing but the length, with zeros.
    Random(u64),
}

impl Subset {
    pub(super) fn menu(pending: usize, random: u64) -> impl Iterator<Item = Subset> + use<> {
        let both = [Subset::None, Subset::All].into_iter();
        let singles = (0..pending).flat_map(|index| [Subset::Only(index), Subset::AllBut(index)]);
        both.chain(singles).chain((0..random).map(Subset::Random))
    }

    /// What becomes durable of `pending`; `in_order`: no name change survives a lost one.
    pub(super) fn survivors(self, pending: &[Change], in_order: bool) -> Vec<Change> {
        let dice = Dice::new(self);
        let mut naming_lost = false;
        let mut survivors = Vec::new();
        for (index, change) in pending.iter().enumerate() {
            let fate = dice.fate(index, change);
            naming_lost |= change.is_naming() && fate == Fate::Lost;
            if !(in_order && change.is_naming() && naming_lost) {
                dice.keep(change, fate, &mut survivors);
            }
        }
        survivors
    }
}

/// What becomes of one change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    Whole,
    Cut,
    Sectors,
    LengthOnly,
}

struct Dice {
    subset: Subset,
    rng: Rng,
}

impl Dice {
    fn new(subset: Subset) -> Dice {
        let seed = if let Subset::Random(seed) = subset { seed } else { 0 };
        Dice { subset, rng: Rng::seeded(seed) }
    }

    fn fate(&self, index: usize, change: &Change) -> Fate {
        let whole = match self.subset {
            Subset::None => false,
            Subset::All => true,
            Subset::Only(only) => index == only,
            Subset::AllBut(lost) => index != lost,
            Subset::Random(_) => return self.random_fate(change),
        };
        if whole { Fate::Whole } else { Fate::Lost }
    }

    /// Half of the writes that are not lost survive whole.
    fn random_fate(&self, change: &Change) -> Fate {
        let is_write = matches!(change, Change::Write { .. });
        match self.rng.below(if is_write { 9 } else { 6 }) {
            0..3 => Fate::Lost,
            3..6 => Fate::Whole,
            6 => Fate::Cut,
            7 => Fate::Sectors,
            _ => Fate::LengthOnly,
        }
    }

    fn keep(&self, change: &Change, fate: Fate, survivors: &mut Vec<Change>) {
        match (fate, change) {
            (Fate::Lost, _) => {}
            (Fate::Whole, _) => survivors.push(change.clone()),
            (_, Change::Write { inode, position, bytes }) => {
                let write = Write { inode: *inode, position: *position, bytes };
                match fate {
                    Fate::Cut => survivors.push(write.part(0, self.rng.below(bytes.len() as u64) as usize)),
                    Fate::Sectors => self.keep_sectors(write, survivors),
                    _ => survivors.push(write.grow()),
                }
            }
            _ => unreachable!("only writes are torn"),
        }
    }

    fn keep_sectors(&self, write: Write<'_>, survivors: &mut Vec<Change>) {
        if self.rng.below(2) == 0 {
            survivors.push(write.grow());
        }
        let mut start = 0;
        while start < write.bytes.len() {
            let sector_left = SECTOR_BYTES - ((write.position + start as u64) % SECTOR_BYTES as u64) as usize;
            let end = (start + sector_left).min(write.bytes.len());
            if self.rng.below(2) == 0 {
                survivors.push(write.part(start, end));
            }
            start = end;
        }
    }
}

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// A write that is torn.
#[derive(Clone, Copy)]
struct Write<'a> {
    inode: Inode,
    position: u64,
    bytes: &'a [u8],
}

impl Write<'_> {
    fn part(self, start: usize, end: usize) -> Change {
        let bytes = Arc::from(&self.bytes[start..end]);
        Change::Write { inode: self.inode, position: self.position + start as u64, bytes }
    }

    fn grow(self) -> Change {
        Change::Grow { inode: self.inode, len: self.position + self.bytes.len() as u64 }
    }
}
