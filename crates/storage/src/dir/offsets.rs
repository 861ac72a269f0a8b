//! Kafka's checkpoints of one offset per log.
//!
//! ```text
//! 0
//! 2
//! orders 0 1500      topic, partition, offset
//! orders 1 7
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use host::Disk;
use record::Offset;

use crate::checkpoint::{with_checksum, without_checksum};
use crate::{checkpoint, files};

/// One such file and its copy in memory, which is read at first use.
#[derive(Debug)]
pub(super) struct OffsetsFile {
    name: &'static str,
    /// Beside the file, a copy with a checksum: for offsets that nothing else in the directory tells, so that a digit
    /// that changed on the disk would be believed. A copy that is whole wins.
    copy_name: Option<&'static str>,
    offsets: Mutex<State>,
    /// Held while the file is replaced, so that an older state never replaces a newer one. Taken before `offsets`.
    storing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` until the file was read.
    offsets: Option<BTreeMap<String, Offset>>,
    /// Whether the file says something else.
    changed: bool,
    /// Whether there was one that could be read.
    was_found: bool,
}

impl OffsetsFile {
    pub(super) fn new(name: &'static str) -> OffsetsFile {
        OffsetsFile { name, copy_name: None, offsets: Mutex::default(), storing: Mutex::default() }
    }

    pub(super) fn with_copy(self, copy_name: &'static str) -> OffsetsFile {
        OffsetsFile { copy_name: Some(copy_name), ..self }
    }

    pub(super) fn find(&self, disk: &Disk, dir: &Path, log: &str) -> io::Result<Option<Offset>> {
        let mut state = lock(&self.offsets);
        Ok(self.loaded(disk, dir, &mut state)?.get(log).copied())
    }

    /// Whether there was a file when this process read it first, not garbage.
    pub(super) fn was_found(&self, disk: &Disk, dir: &Path) -> io::Result<bool> {
        let mut state = lock(&self.offsets);
        self.loaded(disk, dir, &mut state)?;
        Ok(state.was_found)
    }

    pub(super) fn note(&self, disk: &Disk, dir: &Path, log: &str, offset: Offset) -> io::Result<()> {
        let mut state = lock(&self.offsets);
        let offsets = self.loaded(disk, dir, &mut state)?;
        // Most notes repeat the offset, and then the name need not be allocated again.
        match offsets.get_mut(log) {
            Some(noted) if *noted == offset => return Ok(()),
            Some(noted) => *noted = offset,
            None => _ = offsets.insert(log.to_owned(), offset),
        }
        state.changed = true;
        Ok(())
    }

    /// As [`OffsetsFile::note`], unless a higher offset was noted.
    pub(super) fn raise(&self, disk: &Disk, dir: &Path, log: &str, offset: Offset) -> io::Result<()> {
        let mut state = lock(&self.offsets);
        let offsets = self.loaded(disk, dir, &mut state)?;
        if offsets.get(log).is_some_and(|noted| *noted >= offset) {
            return Ok(());
        }
        offsets.insert(log.to_owned(), offset);
        state.changed = true;
        Ok(())
    }

    /// Forgets logs, on disk too.
    pub(super) fn forget<'a>(
        &self,
        disk: &Disk,
        dir: &Path,
        logs: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<()> {
        let mut state = lock(&self.offsets);
        let offsets = self.loaded(disk, dir, &mut state)?;
        let before = offsets.len();
        for log in logs {
            offsets.remove(log);
        }
        let has_forgotten = offsets.len() < before;
        state.changed |= has_forgotten;
        // What an earlier call forgot may have found no room.
        if !state.changed {
            return Ok(());
        }
        drop(state);
        self.store(disk, dir)
    }

    /// Replaces the file, durably, when something has changed.
    pub(super) fn store(&self, disk: &Disk, dir: &Path) -> io::Result<()> {
        let _storing = lock(&self.storing);
        let mut state = lock(&self.offsets);
        let Some(offsets) = state.offsets.as_ref().filter(|_| state.changed) else { return Ok(()) };
        let text = encode(offsets);
        state.changed = false;
        drop(state);
        let stored = self.replace(disk, dir, &text);
        if stored.is_err() {
            lock(&self.offsets).changed = true;
        }
        stored
    }

    /// As [`OffsetsFile::store`]; where there was no file that says what to store, there is one now.
    pub(super) fn ensure(&self, disk: &Disk, dir: &Path) -> io::Result<()> {
        let mut state = lock(&self.offsets);
        self.loaded(disk, dir, &mut state)?;
        state.changed |= !state.was_found;
        drop(state);
        self.store(disk, dir)
    }

    fn replace(&self, disk: &Disk, dir: &Path, text: &[u8]) -> io::Result<()> {
        disk.write_atomic(&dir.join(self.name), text)?;
        match self.copy_name {
            Some(copy) => disk.write_atomic(&dir.join(copy), &with_checksum(text)),
            None => Ok(()),
        }
    }

    fn loaded<'a>(
        &self,
        disk: &Disk,
        dir: &Path,
        state: &'a mut State,
    ) -> io::Result<&'a mut BTreeMap<String, Offset>> {
        if state.offsets.is_none() {
            let copy = match self.copy_name {
                Some(copy) => files::read_if_there(disk, &dir.join(copy))?,
                None => None,
            };
            let copied = copy.as_deref().and_then(without_checksum).and_then(decode);
            let file = || files::read_if_there(disk, &dir.join(self.name));
            let offsets = match copied {
                Some(offsets) => Some(offsets),
                None => file()?.and_then(|bytes| decode(&bytes)),
            };
            state.was_found = offsets.is_some();
            state.offsets = Some(offsets.unwrap_or_default());
        }
        Ok(state.offsets.get_or_insert_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn encode(offsets: &BTreeMap<String, Offset>) -> Vec<u8> {
    let lines = offsets.iter().filter_map(|(name, offset)| {
        let (topic, partition) = name.rsplit_once('-')?;
        Some(format!("{topic} {partition} {offset}"))
    });
    let lines: Vec<String> = lines.collect();
    checkpoint::encode(lines.iter())
}

fn decode(bytes: &[u8]) -> Option<BTreeMap<String, Offset>> {
    checkpoint::decode(bytes, parse).map(|offsets| offsets.into_iter().collect())
}

fn parse(line: &str) -> Option<(String, Offset)> {
    let mut words = line.split(' ');
    let (topic, partition) = (words.next()?, checkpoint::number::<u32>(words.next()?)?);
    let offset: i64 = checkpoint::number(words.next()?)?;
    let is_whole = words.next().is_none() && offset >= 0;
    is_whole.then(|| (format!("{topic}-{partition}"), Offset(offset)))
}
