//! One bit of one file, and which records it may cost.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use verdict::Damage;

use crate::batch;
use crate::campaign::Random;
use crate::load::{Topic, records};

/// One flip in so many is in any file that is not empty, the others in logs.
const FLIPS_PER_ANY_FILE: u64 = 2;
/// One flip in so many of those in logs is in the bytes of a batch that no checksum covers.
const FLIPS_PER_PLACE: u64 = 5;
/// Base offset, length and leader epoch.
const PLACE_LEN: u64 = 16;

/// A bit that flips.
pub struct Flip {
    /// In which file.
    pub path: PathBuf,
    at: u64,
    bit: u64,
    /// What it may cost.
    pub damage: Damage,
}

impl Flip {
    /// Chooses one of a data directory.
    pub fn choose(dir: &Path, topic: &Topic, random: &mut Random) -> Flip {
        let only_logs = random.below(FLIPS_PER_ANY_FILE) > 0;
        let mut files = files(dir);
        files.retain(|file| fs::metadata(file).unwrap().len() > 0 && (!only_logs || is_log(file)));
        let path = files[random.below(files.len() as u64) as usize].clone();
        let mut at = random.below(fs::metadata(&path).unwrap().len());
        let mut damage = Damage::None;
        if is_log(&path) {
            let bytes = fs::read(&path).unwrap();
            let batches = records::split(&bytes);
            let ends = batches.iter().scan(0, |end, batch| {
                *end += batch.len() as u64;
                Some(*end)
            });
            let (batch, end) = batches.iter().zip(ends).find(|(_, end)| at < *end).expect("logs are whole batches");
            let begin = end - batch.len() as u64;
            if random.below(FLIPS_PER_PLACE) == 0 {
                at = begin + random.below(PLACE_LEN);
            }
            let partition = (0..topic.partitions).find(|partition| {
                path.parent().is_some_and(|dir| dir.ends_with(format!("{}-{partition}", topic.name)))
            });
            let partition = topic.partition(partition.expect("no other topic has logs"));
            let (first, next) = (batch::base_offset(batch), batch::next_offset(batch));
            damage = match at - begin {
                0..PLACE_LEN => Damage::Unprotected { partition },
                _ => Damage::Batch { partition, first, next },
            };
        }
        Flip { path, at, bit: random.below(8), damage }
    }

    /// Flips it.
    pub fn make(&self) {
        let file = File::options().read(true).write(true).open(&self.path).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, self.at).unwrap();
        file.write_all_at(&[byte[0] ^ 1 << self.bit], self.at).unwrap();
    }
}

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = self.path.parent().and_then(Path::file_name).unwrap_or_default();
        let file = self.path.file_name().unwrap_or_default();
        let (dir, file) = (dir.display(), file.display());
        write!(f, "bit {} of byte {} of {dir}/{file} flipped ({:?})", self.bit, self.at, self.damage)
    }
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log")
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Copies a directory with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
    }
}
