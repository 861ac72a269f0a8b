//! The directories of a node at its start: made, locked, told apart, and whose they are.
//!
//! A directory that cannot be read or written is no obstacle to the others, unless the metadata log lies in it. One that
//! belongs to somebody else is: nobody mixes up directories on purpose.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::{DirLock, Disk, Rng, system};
use record::{BrokerId, Uuid};
use storage::{LogDir, Stop};

use super::StartError;
use super::identity::{self, IdentityError};
use crate::config::Config;
use crate::log_dirs::{LogDirs, side_by_side};
use known::Known;

mod known;

/// The directories of `log.dirs` and that of the metadata log.
pub struct Directories {
    /// In the order of `log.dirs`; that of the metadata log comes last where it is none of them.
    dirs: Vec<Directory>,
    /// Where the metadata log is.
    metadata: usize,
    /// Whether the last one is for the metadata log only.
    is_apart: bool,
    /// Whether a directory that was known before is not here.
    is_lacking: bool,
    /// To be kept while the node runs.
    pub locks: Vec<DirLock>,
}

struct Directory {
    path: PathBuf,
    /// Why it cannot be used.
    fault: Option<io::Error>,
}

impl Directories {
    /// Makes and locks the directories. Nothing is written to a directory of others.
    pub fn take(disk: &Disk, config: &Config) -> Result<Directories, StartError> {
        let mut paths = config.log_dirs.clone();
        let mut faults: Vec<_> = paths.iter().map(|path| disk.create_dir_all(path).err()).collect();
        refuse_same(&paths, &faults)?;
        let metadata_dir = &config.metadata_dir;
        disk.create_dir_all(metadata_dir).map_err(|source| in_dir(metadata_dir, source))?;
        let is_it = |path: &PathBuf| path == metadata_dir || system::is_same(path, metadata_dir).unwrap_or(false);
        let metadata = paths.iter().position(is_it);
        if metadata.is_none() {
            paths.push(metadata_dir.clone());
            faults.push(None);
        }
        let mut taken = Directories {
            dirs: paths.into_iter().zip(faults).map(|(path, fault)| Directory { path, fault }).collect(),
            metadata: metadata.unwrap_or(config.log_dirs.len()),
            is_apart: metadata.is_none(),
            is_lacking: false,
            locks: Vec::new(),
        };
        taken.refuse_foreign(disk)?;
        taken.lock(disk)?;
        Ok(taken)
    }

    fn refuse_foreign(&mut self, disk: &Disk) -> Result<(), StartError> {
        let metadata_dir = self.dirs[self.metadata].path.clone();
        let has_metadata = identity::refuse_foreign(disk, &metadata_dir)?;
        let metadata = self.metadata;
        for index in self.usable().into_iter().filter(|index| *index != metadata) {
            let path = &self.dirs[index].path;
            let refused = unless_io(identity::refuse_foreign_beside(disk, path, &metadata_dir, has_metadata))?;
            self.unless_faulty(index, refused)?;
        }
        Ok(())
    }

    fn lock(&mut self, disk: &Disk) -> Result<(), StartError> {
        for index in self.usable() {
            let path = &self.dirs[index].path;
            let lock = match disk.lock_dir(path) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(StartError::InUse { path: path.clone() });
                }
                lock => lock,
            };
            let lock = self.unless_faulty(index, lock)?;
            self.locks.extend(lock);
        }
        Ok(())
    }

    /// Compares whose directories they are with the node; new ones become its own. The directory of the metadata log
    /// remembers the others, so that one that is not mounted is not taken for a new one.
    pub fn identify(&mut self, disk: &Disk, node: BrokerId, cluster: Uuid, rng: &Rng) -> Result<(), StartError> {
        let metadata_dir = self.dirs[self.metadata].path.clone();
        let known = Known::read(disk, &metadata_dir)?;
        let mut ids = Vec::new();
        for index in self.usable() {
            let id = unless_io(identity::id_of(disk, &self.dirs[index].path, node, cluster))?;
            ids.extend(self.unless_faulty(index, id)?.map(|id| (index, id)));
        }
        let found: Vec<Uuid> = ids.iter().filter_map(|(_, id)| *id).collect();
        for (index, _) in ids.iter().filter(|(_, id)| id.is_none()) {
            known.refuse_lost(&self.dirs[*index].path, &found)?;
        }
        let mut named: Vec<(PathBuf, Uuid)> = Vec::new();
        for (index, id) in ids {
            let path = self.dirs[index].path.clone();
            let id = id.map_or_else(|| identity::write(disk, &path, node, cluster, rng), Ok);
            let Some(id) = self.unless_faulty(index, id)? else { continue };
            if let Some((one, _)) = named.iter().find(|(_, other)| *other == id) {
                return Err(IdentityError::Copy { one: one.clone(), other: path, id }.into());
            }
            if id != Uuid::default() {
                named.push((path, id));
            }
        }
        self.is_lacking = known.remember(disk, &metadata_dir, &named)?;
        Ok(())
    }

    fn usable(&self) -> Vec<usize> {
        (0..self.dirs.len()).filter(|index| self.dirs[*index].fault.is_none()).collect()
    }

    /// Notes an I/O error of one directory; that of the metadata log is needed.
    fn unless_faulty<T>(&mut self, index: usize, result: io::Result<T>) -> Result<Option<T>, StartError> {
        let dir = &mut self.dirs[index];
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if index == self.metadata => Err(in_dir(&dir.path, error)),
            Err(error) => {
                dir.fault = Some(error);
                Ok(None)
            }
        }
    }

    /// Opens the log directories side by side. How each was left comes second.
    pub fn open(mut self, disk: &Disk, open_files_max: usize) -> Result<(LogDirs, Vec<Stop>), StartError> {
        let metadata = (!self.is_apart).then_some(self.metadata);
        if self.is_apart {
            self.dirs.pop();
        }
        // What the process may open is shared out.
        let max = (open_files_max / self.dirs.len()).max(1);
        let opened = side_by_side(self.dirs, |Directory { path, fault }| {
            let dir = LogDir::new(disk.clone(), path.clone()).with_open_files_max(max);
            match fault.map_or_else(|| dir.begin(), Err) {
                Ok(stop) => Ok((Arc::new(dir), stop)),
                Err(error) => Err((path, error)),
            }
        });
        let mut dirs = Vec::new();
        let mut stops = Vec::new();
        for (index, opened) in opened.into_iter().enumerate() {
            let (dir, stop) = match opened {
                Ok(opened) => opened,
                Err((path, source)) if metadata == Some(index) => return Err(in_dir(&path, source)),
                Err((path, error)) => (Arc::new(LogDir::unusable(disk.clone(), path, &error)), Stop::Unknown),
            };
            dirs.push(dir);
            stops.push(stop);
        }
        if dirs.iter().all(|dir| dir.failed()) {
            let path = dirs[0].path().to_path_buf();
            return Err(in_dir(&path, io::Error::other("none of the log directories can be used")));
        }
        Ok((LogDirs::new(dirs, metadata, self.is_lacking), stops))
    }
}

fn in_dir(path: &Path, source: io::Error) -> StartError {
    StartError::DataDir { path: path.to_path_buf(), source }
}

/// An I/O error is the directory's own; every other one refuses the start.
fn unless_io<T>(result: Result<T, IdentityError>) -> Result<io::Result<T>, StartError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(IdentityError::Io { source, .. }) if source.kind() != io::ErrorKind::InvalidData => Ok(Err(source)),
        Err(error) => Err(error.into()),
    }
}

/// Refuses `dir`, one of `dirs`, as a start would that finds no disk mounted there. Changes nothing.
pub fn refuse_lost(disk: &Disk, metadata_dir: &Path, dir: &Path, dirs: &[PathBuf]) -> Result<(), StartError> {
    let known = Known::read(disk, metadata_dir)?;
    let id_of = |dir: &Path| identity::stored_id(disk, dir);
    // What cannot be read is told as such.
    if !matches!(id_of(dir), Ok(None)) {
        return Ok(());
    }
    let found: Vec<Uuid> = dirs.iter().filter_map(|dir| id_of(dir).ok().flatten()).collect();
    Ok(known.refuse_lost(dir, &found)?)
}

/// Refuses two entries that are the same directory, of those that could be made.
pub fn refuse_same(paths: &[PathBuf], faults: &[Option<io::Error>]) -> Result<(), StartError> {
    for (at, other) in paths.iter().enumerate() {
        let is_same = |one: &&PathBuf| *one == other || system::is_same(one, other).unwrap_or(false);
        let made = paths[..at].iter().zip(faults).filter(|(_, fault)| fault.is_none()).map(|(path, _)| path);
        if let Some(one) = made.into_iter().find(is_same) {
            return Err(StartError::Same { one: one.clone(), other: other.clone() });
        }
    }
    Ok(())
}
