//! `.ottla-log-dirs`: which directories a node has had, beside its metadata log.
//!
//! ```text
//! 0
//! 6w5sPKX0Q6GyHjM5pZ0d1g /mnt/disk1/ottla
//! mJ0kzZb1S1uJ7c2g2k9n8A /mnt/disk2/ottla
//! ```
//!
//! A partition that is found nowhere is made again, empty, only while none of these is away: its records may be there.
//! Written when there is more than one directory.

use std::io;
use std::path::{Path, PathBuf};

use host::Disk;
use record::Uuid;

use super::in_dir;
use crate::log_dirs::absolute;
use crate::start::StartError;
use crate::start::identity::IdentityError;

const FILE: &str = ".ottla-log-dirs";
const VERSION: &str = "0";

/// Directories by their ids, with where they were last.
#[derive(Debug, Default)]
pub struct Known {
    file: PathBuf,
    dirs: Vec<(Uuid, String)>,
}

impl Known {
    /// What the file beside the metadata log says; without it no directory is known.
    ///
    /// # Errors
    /// Also when a line is not understood: the directory that it tells of would not be missed.
    pub fn read(disk: &Disk, metadata_dir: &Path) -> Result<Known, StartError> {
        let file = metadata_dir.join(FILE);
        let dirs = match disk.read(&file) {
            Ok(bytes) => parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => return Err(in_dir(metadata_dir, error)),
        };
        match dirs {
            Ok(dirs) => Ok(Known { file, dirs }),
            Err((line, expected)) => Err(IdentityError::Unknown { file, line, expected }.into()),
        }
    }

    /// Refuses the directory `dir`, which has no identity, where there was one that is not among those `found` elsewhere.
    pub fn refuse_lost(&self, dir: &Path, found: &[Uuid]) -> Result<(), IdentityError> {
        let here = absolute(dir);
        match self.dirs.iter().find(|(id, was)| *was == here && !found.contains(id)) {
            Some((id, _)) => Err(IdentityError::Lost { dir: dir.to_path_buf(), id: *id, file: self.file.clone() }),
            None => Ok(()),
        }
    }

    /// Writes down the directories that are there beside those that are away. Returns whether any is away.
    pub fn remember(mut self, disk: &Disk, metadata_dir: &Path, named: &[(PathBuf, Uuid)]) -> Result<bool, StartError> {
        let before = self.dirs.clone();
        for (path, id) in named {
            match self.dirs.iter_mut().find(|(known, _)| known == id) {
                Some((_, was)) => *was = absolute(path),
                None => self.dirs.push((*id, absolute(path))),
            }
        }
        if self.dirs != before && self.dirs.len() > 1 {
            disk.write_atomic(&self.file, text(&self.dirs).as_bytes()).map_err(|error| in_dir(metadata_dir, error))?;
        }
        let away = self.dirs.iter().filter(|(id, _)| !named.iter().any(|(_, here)| here == id));
        let mut is_away = false;
        for (id, was) in away {
            is_away = true;
            tracing::warn!(%id, was, "a log directory of this node is away; partitions that are found nowhere stay offline");
        }
        Ok(is_away)
    }
}

/// The directories, or the first line, from one, that is not what was expected. Lines that somebody emptied say nothing.
fn parse(bytes: &[u8]) -> Result<Vec<(Uuid, String)>, (usize, &'static str)> {
    let mut lines = (1..).zip(bytes.split(|byte| *byte == b'\n').map(std::str::from_utf8));
    if lines.next() != Some((1, Ok(VERSION))) {
        return Err((1, "the version, 0"));
    }
    let mut dirs = Vec::new();
    for (at, line) in lines.filter(|(_, line)| *line != Ok("")) {
        let parsed = line.ok().and_then(|line| line.split_once(' ')).filter(|(_, path)| !path.is_empty());
        let dir = parsed.and_then(|(id, path)| Some((id.parse().ok()?, path.to_owned())));
        dirs.push(dir.ok_or((at, "a directory.id, a space and a path"))?);
    }
    Ok(dirs)
}

fn text(dirs: &[(Uuid, String)]) -> String {
    let lines = dirs.iter().map(|(id, path)| format!("{id} {path}\n"));
    std::iter::once(format!("{VERSION}\n")).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_line_that_is_garbage_is_told() {
        let (one, other) = (Uuid([1; 16]), Uuid([2; 16]));
        let dirs = vec![(one, "/a".to_owned()), (other, "/b c".to_owned())];
        assert_eq!(parse(text(&dirs).as_bytes()), Ok(dirs.clone()));
        assert_eq!(parse(format!("{}\n\n", text(&dirs)).as_bytes()), Ok(dirs.clone()), "a line was emptied");
        let line_of = |bytes: &[u8]| parse(bytes).unwrap_err().0;
        assert_eq!(["", "1\n", "00\n", "\n0\n"].map(|text| line_of(text.as_bytes())), [1; 4]);
        for garbage in [b"garbage".as_slice(), b"x y", b"AAAAAAAAAAAAAAAAAAAAAQ ", b"AAAAAAAAAAAAAAAAAAAAAQ /\xff"] {
            assert_eq!(line_of(&[text(&dirs).as_bytes(), garbage].concat()), 4);
        }
    }

    #[test]
    fn a_list_that_is_not_understood_refuses_the_start_and_stays_as_it_is() {
        let disk = Disk::sim(host::SimDisk::new());
        let dir = Path::new("/meta");
        disk.create_dir_all(dir).unwrap();
        assert_eq!(Known::read(&disk, dir).unwrap().dirs, []);
        disk.write_atomic(&dir.join(FILE), b"0\ngarbage\n").unwrap();
        let said = Known::read(&disk, dir).unwrap_err().to_string();
        assert!(said.contains("/meta/.ottla-log-dirs: line 2 is not a directory.id"), "{said}");
        assert_eq!(disk.read(&dir.join(FILE)).unwrap(), b"0\ngarbage\n");
    }
}
