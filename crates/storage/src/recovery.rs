//! Opening a log that was there before.
//!
//! After a clean stop the files are as they were closed. After anything else, or when one of them is missing or not whole, the
//! batches are the only truth: every header and checksum is looked at, indexes, producers and epochs are made again, a torn
//! tail is cut, and what is left is made durable before a reader sees it (else a second crash could take it back).
//!
//! Damage that valid batches follow is not a torn tail: it is not cut, since that would lose them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use host::{Disk, File, Open};
use record::{Batch, HEADER_LEN, MAGIC, Offset};

use crate::append::{Entries, IndexState};
use crate::dir::Stop;
use crate::end::LogPosition;
use crate::epochs::EpochCache;
use crate::index::Index;
use crate::log::{LogConfig, OpenError};
use crate::names::{INDEX, LOG, TIME_INDEX, base_offset, segment_file};
use crate::producers::Producers;
use crate::segment::{Located, Segment};
use crate::snapshot;

/// A log as it was found.
#[derive(Debug)]
pub struct Recovered {
    pub segments: Vec<Arc<Segment>>,
    pub end: LogPosition,
    pub producers: Producers,
    pub epochs: EpochCache,
    pub index: IndexState,
}

impl Recovered {
    /// A log of one segment without records.
    pub fn empty(segment: Segment) -> Recovered {
        let end = LogPosition { offset: segment.base, segment: segment.base, position: 0 };
        let segments = vec![Arc::new(segment)];
        let (producers, epochs, index) = Default::default();
        Recovered { segments, end, producers, epochs, index }
    }
}

/// Opens the log in `path`.
pub fn open(disk: &Disk, path: &Path, config: &LogConfig, stop: Stop) -> Result<Recovered, OpenError> {
    let mut bases: Vec<Offset> = disk.read_dir(path)?.iter().filter_map(|entry| base_offset(&entry.name, LOG)).collect();
    bases.sort_unstable();
    if bases.is_empty() {
        let segment = Segment::create(disk, path, Offset(0))?;
        disk.sync_dir(path)?;
        return Ok(Recovered::empty(segment));
    }
    if stop == Stop::Clean && let Some(trusted) = trust(disk, path, config, &bases)? {
        return Ok(trusted);
    }
    recover(disk, path, config, &bases)
}

/// The files as a clean stop left them; `None` when one of them is not as it should be.
fn trust(disk: &Disk, path: &Path, config: &LogConfig, bases: &[Offset]) -> io::Result<Option<Recovered>> {
    let mut segments = Vec::with_capacity(bases.len());
    for base in bases {
        let Some(segment) = trust_segment(disk, path, *base)? else { return Ok(None) };
        segments.push(Arc::new(segment));
    }
    let active = segments.last().expect("there is a segment");
    let Some((end, index)) = follow(active, config)? else { return Ok(None) };
    let (Some(producers), Some(epochs)) = (snapshot::read(disk, path, end.offset)?, EpochCache::read(disk, path)?) else {
        return Ok(None);
    };
    Ok(Some(Recovered { segments, end, producers, epochs, index }))
}

fn trust_segment(disk: &Disk, path: &Path, base: Offset) -> io::Result<Option<Segment>> {
    let log = disk.open(&path.join(segment_file(base, LOG)), Open::ReadWrite)?;
    let index = Index::open(disk, &path.join(segment_file(base, INDEX)))?;
    let times = Index::open(disk, &path.join(segment_file(base, TIME_INDEX)))?;
    let Ok(len) = u32::try_from(log.len()?) else { return Ok(None) };
    Ok(index.zip(times).map(|(index, times)| Segment::of(base, log, index, times, len)))
}

/// Reads the headers behind the last index entry of the active segment: they tell the end, and what the next entries need.
fn follow(active: &Segment, config: &LogConfig) -> io::Result<Option<(LogPosition, IndexState)>> {
    let from = active.index.last()?.map_or(0, |entry| entry.position);
    let mut state = IndexState::resumed(active.times.last()?);
    let mut end = LogPosition { offset: active.base, segment: active.base, position: 0 };
    for batch in active.scan(from, active.len()) {
        let Ok(batch) = batch else { return Ok(None) };
        state.note_found(&batch, active.base, config.index_interval_bytes, &mut Entries::default());
        end = end_of(active, &batch);
    }
    Ok(Some((end, state)))
}

fn end_of(segment: &Segment, batch: &Located) -> LogPosition {
    LogPosition { offset: batch.header.next_offset(), segment: segment.base, position: batch.end() }
}

/// Makes everything again from the batches.
fn recover(disk: &Disk, path: &Path, config: &LogConfig, bases: &[Offset]) -> Result<Recovered, OpenError> {
    let mut recovery = Recovery { disk, path, config, producers: Producers::default(), epochs: EpochCache::default() };
    let mut segments = Vec::with_capacity(bases.len());
    let mut last = None;
    for (at, base) in bases.iter().enumerate() {
        let next = bases.get(at + 1).copied();
        let (segment, end, index) = recovery.segment(*base, next)?;
        segments.push(Arc::new(segment));
        last = Some((end, index));
    }
    let (end, index) = last.expect("there is a segment");
    recovery.epochs.write(disk, path)?;
    disk.sync_dir(path)?;
    Ok(Recovered { segments, end, producers: recovery.producers, epochs: recovery.epochs, index })
}

struct Recovery<'r> {
    disk: &'r Disk,
    path: &'r Path,
    config: &'r LogConfig,
    producers: Producers,
    epochs: EpochCache,
}

impl Recovery<'_> {
    /// Recovers one segment; `next` is where the following one begins.
    fn segment(&mut self, base: Offset, next: Option<Offset>) -> Result<(Segment, LogPosition, IndexState), OpenError> {
        let file = self.path.join(segment_file(base, LOG));
        let log = self.disk.open(&file, Open::ReadWrite)?;
        let len = u32::try_from(log.len()?).map_err(|_| OpenError::Damaged { path: file.clone(), position: u32::MAX })?;
        let index = Index::create(self.disk, &self.path.join(segment_file(base, INDEX)))?;
        let times = Index::create(self.disk, &self.path.join(segment_file(base, TIME_INDEX)))?;
        let segment = Segment::of(base, log, index, times, len);
        let (end, mut state) = self.batches(&segment, len)?;
        if end.position < len {
            self.cut(&segment, &file, end, next, len)?;
        }
        segment.set_len(end.position);
        if next.is_some() {
            state.finish(&segment)?;
        }
        segment.sync()?;
        Ok((segment, end, state))
    }

    /// Takes in the good batches from the start; returns where they end.
    fn batches(&mut self, segment: &Segment, len: u32) -> io::Result<(LogPosition, IndexState)> {
        let mut end = LogPosition { offset: segment.base, segment: segment.base, position: 0 };
        let (mut state, mut bytes) = (IndexState::default(), Vec::new());
        let mut entries = Entries::default();
        while let Some(batch) = whole_batch(&segment.log, end.position, len, &mut bytes)? {
            // Offsets only go up; those of old bytes that a crash left behind the end do not.
            if batch.header.base_offset < end.offset {
                break;
            }
            self.producers.appended(&batch.header, batch.header.base_offset);
            self.epochs.advance(batch.header.partition_leader_epoch, batch.header.base_offset);
            state.note_found(&batch, segment.base, self.config.index_interval_bytes, &mut entries);
            end = end_of(segment, &batch);
            if entries.is_full() {
                std::mem::take(&mut entries).append(segment)?;
            }
        }
        entries.append(segment)?;
        Ok((end, state))
    }

    /// Cuts what follows the good batches, if that is a torn tail.
    fn cut(&self, segment: &Segment, file: &Path, end: LogPosition, next: Option<Offset>, len: u32) -> Result<(), OpenError> {
        if next.is_some() || has_batch_after(&segment.log, end, len)? {
            return Err(OpenError::Damaged { path: file.to_path_buf(), position: end.position });
        }
        let (file, position, cut) = (file.display(), end.position, len - end.position);
        tracing::warn!(%file, position, cut, "a torn tail was cut; it was never acknowledged as flushed");
        segment.log.set_len(u64::from(end.position))?;
        Ok(())
    }
}

/// The batch at `position`, if its header makes sense, all of it is there, and its checksum is right.
fn whole_batch(log: &File, position: u32, len: u32, bytes: &mut Vec<u8>) -> io::Result<Option<Located>> {
    let room = (len - position) as usize;
    if room < HEADER_LEN {
        return Ok(None);
    }
    let mut header = [0; HEADER_LEN];
    log.read_exact_at(&mut header, u64::from(position))?;
    let header = record::BatchHeader::decode(&header);
    if header.magic != MAGIC || header.total_len() < HEADER_LEN || header.total_len() > room || header.last_offset_delta < 0 {
        return Ok(None);
    }
    bytes.resize(header.total_len(), 0);
    log.read_exact_at(bytes, u64::from(position))?;
    let good = Batch::parse(bytes).is_ok_and(|batch| batch.crc_ok());
    Ok(good.then_some(Located { position, header }))
}

/// Whether a good batch with a later offset begins anywhere behind `end`.
fn has_batch_after(log: &File, end: LogPosition, len: u32) -> io::Result<bool> {
    const WINDOW: u32 = 64 << 10;
    const MAGIC_AT: usize = 16;
    let (mut bytes, mut window) = (Vec::new(), vec![0; WINDOW as usize + MAGIC_AT]);
    for start in (end.position + 1..len).step_by(WINDOW as usize) {
        let wanted = window.len().min((len - start) as usize);
        log.read_exact_at(&mut window[..wanted], u64::from(start))?;
        for at in 0..wanted.saturating_sub(MAGIC_AT).min(WINDOW as usize) {
            if window[at + MAGIC_AT] == MAGIC as u8
                && let Some(batch) = whole_batch(log, start + at as u32, len, &mut bytes)?
                && batch.header.base_offset >= end.offset
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
