//! What a log's directory holds, read once.

use std::io;

use record::Offset;

use super::Files;
use crate::files;

/// The files of a log by what they are, each kind ascending. Files that nobody knows are left alone.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) logs: Vec<Offset>,
    pub(super) snapshots: Vec<Offset>,
    pub(super) windows: Vec<Offset>,
    pub(super) damage: Vec<Offset>,
    /// What an operation that a crash interrupted has left.
    pub(super) leftovers: Vec<String>,
}

impl Listing {
    pub(super) fn read(files: Files<'_>) -> io::Result<Listing> {
        let mut listing = Listing::default();
        for entry in files.disk().read_dir(files.path)? {
            if !entry.is_dir {
                listing.add(entry.name);
            }
        }
        Ok(listing)
    }

    /// Names come sorted, and the numbers in them have leading zeros.
    fn add(&mut self, name: String) {
        let kinds = [
            (files::LOG, &mut self.logs),
            (files::SNAPSHOT, &mut self.snapshots),
            (files::WINDOWS, &mut self.windows),
            (files::DAMAGE, &mut self.damage),
        ];
        for (extension, offsets) in kinds {
            if let Some(offset) = files::offset_of(&name, extension) {
                return offsets.push(offset);
            }
        }
        if is_leftover(&name) {
            self.leftovers.push(name);
        }
    }

    pub(super) fn has_damage_file(&self, base_offset: Offset) -> bool {
        self.damage.binary_search(&base_offset).is_ok()
    }
}

/// Only names that Kafka or we give.
fn is_leftover(name: &str) -> bool {
    let Some((stem, end)) = name.rsplit_once('.') else { return false };
    let is_numbered = stem.len() > 20 && stem.bytes().take(20).all(|byte| byte.is_ascii_digit());
    match end {
        "deleted" | "cleaned" | "swap" => is_numbered,
        "tmp" => {
            let others = [files::EPOCHS, files::PARTITION_METADATA, files::PARTITION_METADATA_COPY];
            is_numbered || others.contains(&stem)
        }
        _ => false,
    }
}
