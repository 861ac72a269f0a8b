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
    /// What the file beside the metadata log says; lines that are garbage say nothing.
    pub fn read(disk: &Disk, metadata_dir: &Path) -> Result<Known, StartError> {
        let file = metadata_dir.join(FILE);
        let text = match disk.read(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(in_dir(metadata_dir, error)),
        };
        Ok(Known { file, dirs: parse(&text) })
    }

    /// Refuses a directory that has no identity any more where there was one.
    pub fn refuse_lost<'d>(
        &self,
        found: impl Iterator<Item = (&'d Path, Option<Uuid>)> + Clone,
    ) -> Result<(), IdentityError> {
        let is_away = |id: Uuid| !found.clone().any(|(_, found)| found == Some(id));
        for (path, _) in found.clone().filter(|(_, id)| id.is_none()) {
            let here = absolute(path);
            if let Some((id, _)) = self.dirs.iter().find(|(id, was)| *was == here && is_away(*id)) {
                return Err(IdentityError::Lost { dir: path.to_path_buf(), id: *id, file: self.file.clone() });
            }
        }
        Ok(())
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

fn parse(text: &str) -> Vec<(Uuid, String)> {
    let mut lines = text.lines();
    if lines.next() != Some(VERSION) {
        return Vec::new();
    }
    let parse = |line: &str| line.split_once(' ').and_then(|(id, path)| Some((id.parse().ok()?, path.to_owned())));
    lines.filter_map(parse).collect()
}

fn text(dirs: &[(Uuid, String)]) -> String {
    let lines = dirs.iter().map(|(id, path)| format!("{id} {path}\n"));
    std::iter::once(format!("{VERSION}\n")).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_says_nothing_and_the_rest_is_read() {
        let (one, other) = (Uuid([1; 16]), Uuid([2; 16]));
        let dirs = vec![(one, "/a".to_owned()), (other, "/b c".to_owned())];
        assert_eq!(parse(&text(&dirs)), dirs);
        assert_eq!(parse(&format!("{}garbage\nx y\n", text(&dirs))), dirs);
        assert_eq!(parse("1\n"), []);
    }
}
