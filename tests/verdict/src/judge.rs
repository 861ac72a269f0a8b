//! The verdict: its classes, what may be expected, and the order of the checks.

use std::collections::BTreeMap;
use std::{fmt, io};

use crate::history::History;
use crate::{Ledger, around, checks};

/// What a power cut may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was acknowledged or shown.
    Synced,
    /// A tail of each partition, never more than a tail.
    PageCache,
}

/// What was damaged on purpose, and what may be missing for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    None,
    /// The records of one batch, `first..next` of a partition.
    Batch {
        /// Which partition.
        partition: u32,
        /// The batch's first offset.
        first: i64,
        /// The offset after its last.
        next: i64,
    },
    /// Bytes that no checksum covers: any record of one partition may be missing.
    Unprotected {
        /// Which partition.
        partition: u32,
    },
}

impl Damage {
    /// Whether it is in this partition.
    pub(crate) fn is_in(self, of: u32) -> bool {
        match self {
            Damage::None => false,
            Damage::Batch { partition, .. } | Damage::Unprotected { partition } => partition == of,
        }
    }

    /// Whether it explains that a record is missing; of one without a known offset (-1) it may.
    pub(crate) fn explains(self, of: u32, offset: i64) -> bool {
        let within = match self {
            Damage::Batch { first, next, .. } => offset < 0 || (first..next).contains(&offset),
            _ => true,
        };
        self.is_in(of) && within
    }

    /// The first of the offsets `from..to` that should not be missing.
    pub(crate) fn unexplained(self, of: u32, from: i64, to: i64) -> Option<i64> {
        let from = match self {
            Damage::Batch { next, .. } if self.explains(of, from) => next,
            Damage::Unprotected { .. } if self.is_in(of) => to,
            _ => from,
        };
        (from < to).then_some(from)
    }
}

/// What the broker was promised to do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What a power cut may take.
    pub durability: Durability,
    /// Whether old records may go without a DeleteRecords.
    pub retention: bool,
    /// Whether what a broker showed after a power cut must outlive the next one.
    pub recovered_is_durable: bool,
    /// What was damaged while no broker ran, before the final read.
    pub damage: Damage,
    /// Within which time after the last fault or start every client must get something done.
    pub progress_within_ns: Option<u64>,
}

impl Default for Options {
    /// Nothing may be lost or wait.
    fn default() -> Options {
        Options {
            durability: Durability::Synced,
            retention: false,
            recovered_is_durable: false,
            damage: Damage::None,
            progress_within_ns: None,
        }
    }
}

/// What is wrong with a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The ledgers contradict themselves: a mistake of the clients.
    BadLedger,
    /// Two values at one offset.
    InconsistentOffsets,
    /// One value at two offsets.
    Duplicate,
    /// An acknowledged record is not there.
    LostWrite,
    /// A record that was read is not there later.
    UnstableRead,
    /// A cut took a record and left a later one.
    HoleAfterCut,
    /// An offset between two records holds nothing.
    Gap,
    /// Records went that nobody deleted.
    UnaskedDeletion,
    /// A record was served after it had been deleted.
    DeletedServed,
    /// A record of a send that was refused.
    FailedWriteRead,
    /// A record that nobody sent.
    Phantom,
    /// A record of another partition.
    Misrouted,
    /// Another checksum, identity or timestamp than was sent.
    Corrupt,
    /// A batch was served that fails its checksum.
    BadChecksum,
    /// A consumer was not given the record that came next.
    PollSkip,
    /// A consumer was given records out of order, or again.
    PollNonmonotonic,
    /// A producer's records lie in another order than it sent them.
    SendReordered,
    /// A send that began after another's end lies before it.
    RealTime,
    /// The end of a log went back, or was told too low.
    EndWentBack,
    /// The start of a log went back.
    StartWentBack,
    /// A leader epoch went back.
    EpochWentBack,
    /// A look-up by timestamp found the wrong record.
    WrongLookup,
    /// A partition with acknowledged records was not read in the end.
    Unread,
    /// A client got nothing done after the faults.
    Stuck,
}

impl fmt::Display for Class {
    /// In the manner of `lost-write`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, letter) in format!("{self:?}").char_indices() {
            if letter.is_uppercase() && index > 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", letter.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

/// One place where no log explains what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What kind.
    pub class: Class,
    /// In which partition.
    pub partition: u32,
    /// At which offset, -1 when it has none.
    pub offset: i64,
    /// Of which value, 0 when it has none.
    pub value: u64,
    /// In words.
    pub what: String,
}

impl Violation {
    pub(crate) fn new(class: Class, partition: u32, offset: i64, value: u64, what: String) -> Violation {
        Violation { class, partition, offset, value, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { class, partition, offset, what, .. } = self;
        write!(f, "{class}: partition {}/{} offset {offset}: {what}", partition >> 16, partition & 0xffff)
    }
}

/// How much was judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events of any kind.
    pub events: u64,
    /// Records sent.
    pub sent: u64,
    /// Records acknowledged.
    pub acked: u64,
    /// Records read, as often as they were.
    pub read: u64,
    /// Acknowledged or read records that cuts took and were allowed to.
    pub lost_to_cuts: u64,
    /// Power cuts and kills.
    pub faults: u64,
}

/// What [`judge`] found.
pub struct Verdict {
    /// The first of each class and how many there are of it, by class.
    pub found: BTreeMap<Class, (Violation, u64)>,
    /// How much was judged.
    pub counts: Counts,
    /// The events around the first violation, one a line.
    pub around: String,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_valid(&self) -> bool {
        self.found.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { events, sent, acked, read, lost_to_cuts, faults } = self.counts;
        let word = if self.is_valid() { "valid" } else { "INVALID" };
        writeln!(
            f,
            "{word}: {events} events, {sent} records sent, {acked} acknowledged, {read} read, {faults} kills and cuts, \
             {lost_to_cuts} lost to cuts"
        )?;
        for (violation, times) in self.found.values() {
            writeln!(f, "{violation} ({times} of this class)")?;
        }
        f.write_str(&self.around)
    }
}

/// Judges what the ledgers of one run say. An error is one of reading them.
pub fn judge(ledgers: &[Ledger], options: &Options) -> io::Result<Verdict> {
    let mut history = History::read(ledgers, options)?;
    checks::all(&mut history, options);
    let mut found: BTreeMap<Class, (Violation, u64)> = BTreeMap::new();
    for violation in history.found {
        found.entry(violation.class).and_modify(|(_, times)| *times += 1).or_insert((violation, 1));
    }
    let around = match found.values().next() {
        Some((violation, _)) => around::around(ledgers, violation)?,
        None => String::new(),
    };
    Ok(Verdict { found, counts: history.counts, around })
}
