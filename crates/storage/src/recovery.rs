//! Opening a log: which of its bytes are batches, and the state that goes with them.
//!
//! - After a clean stop the files are what was closed; only the last segment's end is looked up.
//! - After the death of the process the page cache holds what was written, so that only what follows the last index
//!   entry is verified.
//! - After a power cut, or where something doesn't fit, everything from the recovery point on is.
//!
//! What is found:
//!
//! - What follows the last valid batch of the log is a write that was cut short, and is cut off. After a power cut that may be
//!   whole segments: what was not synced reaches the disk in any order. What lay behind is in `quarantine/` then.
//! - Bytes that are no batch, with valid batches after them, are [`Damage`]: everything stays, and reading there is an
//!   error. Nothing else in the log is given up for them.
//! - Indexes are completed or made again.
//! - What is left is made durable before anybody sees it, names included, so that a second crash takes nothing that
//!   was read after the first. [`Syncs`] says by whom. Only where the process died and nobody had asked for syncs the log
//!   is what it was: in the page cache above its recovery point.
//!
//! The log starts where its checkpoint says, or at its first segment if that begins above. As in Kafka, a start that lies
//! beyond the end (a power cut took what was deleted anyway) leaves an empty log that begins there: offsets that were
//! given once are not given again. The segments below the start stay until retention looks at them.

mod damage;
mod gap;
mod last;
mod leftovers;
mod listing;
mod quarantine;
mod sealed;
mod start;
mod state;
mod verified;
mod verify;

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use host::{Disk, File};
use record::{Offset, Timestamp};

use crate::active::Active;
use crate::config::LogConfig;
use crate::dir::{LogDir, LogDirFailed, Stop};
use crate::epochs::Epochs;
use crate::open_files::LogFiles;
use crate::producers::Producers;
#[cfg(doc)]
use crate::segment::Damage;
use crate::segment::Segment;
use crate::sparse::Sparse;
use gap::Gap;
use listing::Listing;
use start::Trusted;
use state::State;

pub(crate) use state::needs_none_to_close;

/// Why a log cannot be opened or created.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log directory had an I/O error before.
    #[error(transparent)]
    Failed(#[from] LogDirFailed),
    /// The disk failed, or there is no such log.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Everything that a log starts with.
pub(crate) struct Recovered {
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) active: Active,
    pub(crate) log_start_offset: Offset,
    pub(crate) next_offset: Offset,
    pub(crate) producers: Producers,
    pub(crate) epochs: Epochs,
    /// How many bytes of the active segment a snapshot of the producers speaks of.
    pub(crate) snapshot_position: u32,
    /// What lies below is durable, or will be when it is handed out.
    pub(crate) recovery_point: Offset,
    /// Whether there may be something that is not durable yet, where syncs are left to the caller.
    pub(crate) needs_sync: bool,
    /// Whether it is handed out before it is known to be durable, as far as it lies above the recovery point or is a name.
    pub(crate) is_unflushed: bool,
}

/// Who makes durable what recovery accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    /// Recovery, file by file.
    Each,
    /// The caller, for many logs at once, before any of them is used and its recovery point noted.
    Together,
    /// Nobody yet: the death of a process takes nothing from the page cache, and the recovery point stays where it is.
    Later,
}

/// The last segment with its end.
struct Last {
    segment: Segment,
    size: u32,
    next_offset: Offset,
    sparse: Sparse,
}

/// What a start after a crash goes by.
struct Recovery {
    /// What lies below was durable.
    point: Offset,
    /// Whether writes may be missing that others have followed.
    closes_gaps: bool,
}

/// The files of one log.
#[derive(Clone, Copy)]
struct Files<'a> {
    dir: &'a LogDir,
    path: &'a Path,
    log: &'a Arc<LogFiles>,
    config: &'a LogConfig,
    syncs: Syncs,
    /// Where the log begins, by the checkpoint.
    start: Offset,
    /// Whether a checkpoint says how much of the log was synced; no line in it is a line with 0.
    has_recovery_point: bool,
}

/// Opens the files of the log `name`, as [`crate::Log::open`] says. With [`Syncs::Each`] it is durable, unless it is told to be
/// unflushed, and its recovery point noted.
pub(crate) fn open(
    dir: &LogDir,
    name: &str,
    config: &LogConfig,
    stop: Stop,
    syncs: Syncs,
) -> Result<Recovered, OpenError> {
    let opened = try_open(dir, name, config, stop, syncs);
    dir.note_opened(name, opened.is_ok());
    opened
}

fn try_open(dir: &LogDir, name: &str, config: &LogConfig, stop: Stop, syncs: Syncs) -> Result<Recovered, OpenError> {
    let path = dir.path().join(name);
    let start = dir.log_start_offset(name)?;
    let start = if start <= START_MAX { start } else { Offset(0) };
    let log = LogFiles::new(dir.open_files(), &path);
    let recovery_point = dir.recovery_point(name)?;
    let has_recovery_point = recovery_point.is_some();
    let files = Files { dir, path: &path, log: &log, config, syncs, start, has_recovery_point };
    let recovered = match files.open_soon_or_safely(stop, recovery_point) {
        // Somebody removed a file or the whole log, which says nothing about the disk.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error.into()),
        recovered => dir.watch(recovered)?,
    };
    dir.claim_if_asked(name)?;
    // Many logs are opened before the first of them is used.
    recovered.segments.iter().for_each(|segment| segment.close_files());
    if syncs == Syncs::Each {
        dir.note_recovery_point(name, recovered.recovery_point)?;
    }
    Ok(recovered)
}

/// Makes the files of a log whose directory is new and empty. Nothing is durable yet.
pub(crate) fn create(dir: &LogDir, name: &str, config: &LogConfig) -> io::Result<Recovered> {
    let path = dir.path().join(name);
    let log = LogFiles::new(dir.open_files(), &path);
    let (syncs, start, has_recovery_point) = (Syncs::Together, Offset(0), false);
    let files = Files { dir, path: &path, log: &log, config, syncs, start, has_recovery_point };
    let last = Last::empty(Segment::create(&log, Offset(0))?, config);
    let state = State { producers: Producers::default(), epochs: Epochs::default(), snapshot_position: 0 };
    files.assemble(vec![], last, |_, _, _| Ok(Some(state))).map(|created| {
        let created = created.expect("the state was given");
        created.segments.iter().for_each(|segment| segment.close_files());
        Recovered { needs_sync: true, ..created }
    })
}

/// Larger ones leave no room for a segment.
const START_MAX: Offset = Offset(i64::MAX - (1 << 33));

impl<'a> Files<'a> {
    fn disk(self) -> &'a Disk {
        self.dir.disk()
    }

    fn segment(self, base_offset: Offset) -> io::Result<Segment> {
        Segment::open(self.log, base_offset)
    }

    fn sync_data(self, file: &File) -> io::Result<()> {
        match self.syncs {
            Syncs::Each => self.dir.watch_sync(file.sync_data()),
            Syncs::Together | Syncs::Later => Ok(()),
        }
    }

    /// Without a sync where that takes nothing from anybody: only the process died, nobody asked for flushes, and it is known how
    /// much of the log was durable.
    fn open_soon_or_safely(self, stop: Stop, recovery_point: Option<Offset>) -> io::Result<Recovered> {
        if stop == Stop::Process
            && self.config.leaves_syncs_to_kernel()
            && let Some(point) = recovery_point
        {
            let recovered = Files { syncs: Syncs::Later, ..self }.open(stop, point)?;
            if point <= recovered.next_offset {
                return Ok(Recovered { recovery_point: point, is_unflushed: true, ..recovered });
            }
        }
        self.open(stop, recovery_point.unwrap_or_default())
    }

    fn open(self, stop: Stop, recovery_point: Offset) -> io::Result<Recovered> {
        let mut listing = Listing::read(self)?;
        if leftovers::settle(self, &listing)? {
            listing = Listing::read(self)?;
        }
        if stop == Stop::Clean
            && let Some(recovered) = self.open_clean(&listing)?
        {
            return Ok(recovered);
        }
        let recovered = self.recover(&listing, stop, recovery_point)?;
        if self.syncs == Syncs::Each {
            // The names of the log's own directory and of its files may be in the page cache only.
            self.dir.watch_sync(self.disk().sync_dir(self.path))?;
            self.dir.watch_sync(self.disk().sync_dir(self.dir.path()))?;
        }
        // After the death of the process a recovery point at the end says that the log was durable then; but not the name of a
        // segment that nothing was written to.
        let was_durable =
            stop == Stop::Process && recovery_point == recovered.next_offset && !recovered.active.is_empty();
        Ok(Recovered { needs_sync: self.syncs == Syncs::Together && !was_durable, ..recovered })
    }

    /// `None` when the log was not closed after all.
    fn open_clean(self, listing: &Listing) -> io::Result<Option<Recovered>> {
        let Some((last, sealed)) = listing.logs.split_last() else { return Ok(None) };
        let Some(last) = last::resume(self, listing, *last)? else { return Ok(None) };
        if last.next_offset < self.start {
            return Ok(None);
        }
        let mut segments = Vec::with_capacity(listing.logs.len());
        for (base_offset, next) in sealed.iter().zip(&listing.logs[1..]) {
            segments.push(Arc::new(match *next <= self.start {
                true => sealed::keep(self, *base_offset)?,
                false => sealed::trust(self, listing, *base_offset, *next)?,
            }));
        }
        self.assemble(segments, last, |segments, size, ends| state::closed(self, listing, segments, size, ends))
    }

    fn recover(self, listing: &Listing, stop: Stop, recovery_point: Offset) -> io::Result<Recovered> {
        let mut gap = match self.recover_up_to_gap(listing, stop, recovery_point)? {
            Ok(recovered) => return Ok(recovered),
            Err(gap) => gap,
        };
        loop {
            gap::cut(self, &gap)?;
            match self.recover_up_to_gap(&Listing::read(self)?, stop, recovery_point)? {
                Ok(recovered) => return Ok(recovered),
                Err(earlier) => gap = earlier,
            }
        }
    }

    fn recover_up_to_gap(
        self,
        listing: &Listing,
        stop: Stop,
        recovery_point: Offset,
    ) -> io::Result<Result<Recovered, Gap>> {
        let is_process = stop == Stop::Process;
        let trusted = if is_process { Trusted::Indexed } else { Trusted::Below(recovery_point) };
        let logs = last::drop_empty(self, listing, trusted)?;
        let Some((last_base, sealed)) = logs.split_last() else {
            return self.begin_at(listing, vec![], self.start).map(Ok);
        };
        let closes_gaps = stop == Stop::Power && self.has_recovery_point;
        let recovery = Recovery { point: recovery_point, closes_gaps };
        let last = match last::verify(self, listing, *last_base, trusted, &recovery)? {
            Ok(last) => last,
            Err(gap) => return Ok(Err(gap)),
        };
        // A recovery point that isn't in the log is of no other worth either.
        let is_in_log = recovery_point <= last.next_offset;
        let recovery_point = if is_in_log { recovery_point } else { Offset(0) };
        let recovery = Recovery { point: recovery_point, closes_gaps: closes_gaps && is_in_log };
        let mut segments = Vec::with_capacity(logs.len());
        for (base_offset, next) in sealed.iter().zip(&logs[1..]) {
            let segment = match () {
                () if *next <= self.start => sealed::keep(self, *base_offset)?,
                () if is_process || *next <= recovery_point => sealed::trust(self, listing, *base_offset, *next)?,
                () => match sealed::recover(self, listing, *base_offset, *next, &recovery)? {
                    Ok(segment) => segment,
                    Err(gap) => return Ok(Err(gap)),
                },
            };
            if *next > recovery_point {
                self.sync_data(&*segment.log()?)?;
            }
            segments.push(Arc::new(segment));
        }
        if last.next_offset < self.start {
            last.segment.seal(last.size);
            segments.push(Arc::new(last.segment));
            return self.begin_at(listing, segments, self.start).map(Ok);
        }
        self.assemble_rebuilt(listing, segments, last).map(Ok)
    }

    /// Goes on with an empty segment.
    fn begin_at(self, listing: &Listing, segments: Vec<Arc<Segment>>, offset: Offset) -> io::Result<Recovered> {
        let segment = Segment::create(self.log, offset)?;
        self.assemble_rebuilt(listing, segments, Last::empty(segment, self.config))
    }

    fn assemble_rebuilt(self, listing: &Listing, segments: Vec<Arc<Segment>>, last: Last) -> io::Result<Recovered> {
        let recovered = self.assemble(segments, last, |segments, size, ends| {
            state::rebuild(self, listing, segments, size, ends).map(Some)
        })?;
        Ok(recovered.expect("the state was rebuilt"))
    }

    fn assemble(
        self,
        mut segments: Vec<Arc<Segment>>,
        last: Last,
        state: impl FnOnce(&[Arc<Segment>], u32, Range<Offset>) -> io::Result<Option<State>>,
    ) -> io::Result<Option<Recovered>> {
        let Last { segment, size, next_offset, sparse } = last;
        let first_append = first_timestamp(&segment, size);
        let segment = Arc::new(segment);
        segments.push(Arc::clone(&segment));
        let log_start_offset = self.start.max(segments[0].base_offset);
        let Some(state) = state(&segments, size, log_start_offset..next_offset)? else { return Ok(None) };
        let State { producers, epochs, snapshot_position } = state;
        let active = Active::new(segment, size, sparse, first_append);
        let (recovery_point, needs_sync, is_unflushed) = (next_offset, false, false);
        Ok(Some(Recovered {
            segments,
            active,
            log_start_offset,
            next_offset,
            producers,
            epochs,
            snapshot_position,
            recovery_point,
            needs_sync,
            is_unflushed,
        }))
    }
}

impl Last {
    fn empty(segment: Segment, config: &LogConfig) -> Last {
        let (next_offset, sparse) =
            (segment.base_offset, Sparse::new(segment.base_offset, config.index_interval_bytes));
        Last { segment, size: 0, next_offset, sparse }
    }
}

/// The time of the first batch, if it can be known: from then on `segment.ms` counts.
fn first_timestamp(segment: &Segment, size: u32) -> Option<Timestamp> {
    let first = segment.scan(0, size).next().ok()??;
    Some(first.header.max_timestamp).filter(|timestamp| *timestamp > Timestamp::NONE)
}
