//! Opening a log: which of its bytes are batches, and the state that goes with them.
//!
//! After a clean stop the files are what was closed; only the last segment's end is looked up. After a hard stop, or
//! where something doesn't fit, the last segment and those above the recovery point are read whole:
//!
//! - What follows the last valid batch of the log is a write that was cut short, and is cut off.
//! - Bytes that are no batch, with valid batches after them, are [`Damage`]: everything stays, and reading there is an
//!   error. Nothing else in the log is given up for them.
//! - Indexes are made again.
//! - What is left is made durable before anybody sees it, names included, so that a second crash takes nothing that
//!   was read after the first.

mod last;
mod sealed;
mod state;
mod verify;

use std::io;
use std::path::Path;
use std::sync::Arc;

use host::Disk;
use record::{Offset, Timestamp};

use crate::active::Active;
use crate::config::LogConfig;
use crate::dir::{LogDir, LogDirFailed, Stop};
use crate::epochs::Epochs;
use crate::files;
use crate::producers::Producers;
#[cfg(doc)]
use crate::segment::Damage;
use crate::segment::Segment;
use crate::sparse::Sparse;

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
    pub(crate) next_offset: Offset,
    pub(crate) producers: Producers,
    pub(crate) epochs: Epochs,
    pub(crate) recovery_point: Offset,
}

/// The last segment with its end.
struct Last {
    segment: Segment,
    size: u32,
    next_offset: Offset,
    sparse: Sparse,
}

/// The files of one log.
#[derive(Clone, Copy)]
struct Files<'a> {
    disk: &'a Disk,
    path: &'a Path,
    config: &'a LogConfig,
}

/// Opens the files of the log `name`, as [`crate::Log::open`] says.
pub(crate) fn open(dir: &LogDir, name: &str, config: &LogConfig, stop: Stop) -> Result<Recovered, OpenError> {
    let path = dir.path().join(name);
    let files = Files { disk: dir.disk(), path: &path, config };
    let recovery_point = dir.recovery_point(name)?;
    let recovered = match stop {
        Stop::Clean => files.open_clean(),
        Stop::Process | Stop::Power => Ok(None),
    };
    let recovered = match recovered {
        Ok(None) => files.open_hard(recovery_point).and_then(|recovered| {
            // The names of the log's own directory and of its files may be in the page cache only.
            files.disk.sync_dir(&path)?;
            files.disk.sync_dir(dir.path())?;
            Ok(recovered)
        }),
        Ok(Some(recovered)) => Ok(recovered),
        Err(error) => Err(error),
    };
    let recovered = dir.watch(recovered)?;
    dir.note_recovery_point(name, recovered.recovery_point)?;
    Ok(recovered)
}

impl Files<'_> {
    /// `None` when the log was not closed after all.
    fn open_clean(self) -> io::Result<Option<Recovered>> {
        let bases = files::offsets(self.disk, self.path, files::LOG)?;
        let Some((last, sealed)) = bases.split_last() else { return Ok(None) };
        let Some(last) = last::resume(self, *last)? else { return Ok(None) };
        let Some(state) = state::closed(self, last.next_offset)? else { return Ok(None) };
        let mut segments = Vec::with_capacity(bases.len());
        for base_offset in sealed {
            segments.push(Arc::new(sealed::trust(self, *base_offset)?));
        }
        self.assemble(segments, last, Some(state)).map(Some)
    }

    fn open_hard(self, recovery_point: Offset) -> io::Result<Recovered> {
        let bases = files::offsets(self.disk, self.path, files::LOG)?;
        let Some((last, sealed)) = bases.split_last() else {
            let segment = Segment::create(self.disk, self.path, Offset(0))?;
            return self.assemble(vec![], Last::empty(segment, self.config), None);
        };
        let mut segments = Vec::with_capacity(bases.len());
        for (base_offset, next) in sealed.iter().zip(&bases[1..]) {
            segments.push(Arc::new(match *next > recovery_point {
                true => sealed::verify(self, *base_offset, *next)?,
                false => sealed::trust(self, *base_offset)?,
            }));
        }
        let last = last::verify(self, *last)?;
        self.assemble(segments, last, None)
    }

    fn assemble(
        self,
        mut segments: Vec<Arc<Segment>>,
        last: Last,
        state: Option<(Producers, Epochs)>,
    ) -> io::Result<Recovered> {
        let Last { segment, size, next_offset, sparse } = last;
        let first_append = first_timestamp(&segment, size);
        let segment = Arc::new(segment);
        segments.push(Arc::clone(&segment));
        let (producers, epochs) = match state {
            Some(state) => state,
            None => state::rebuild(self, &segments, size, next_offset)?,
        };
        let active = Active::new(segment, size, sparse, first_append);
        Ok(Recovered { segments, active, next_offset, producers, epochs, recovery_point: next_offset })
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
