//! Directories and contents, and the system's rules for paths.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use rustix::io::Errno;

use super::op::{Change, Entry, Inode, Name, Place};

/// A whole filesystem at one moment.
///
/// [`Tree::apply`] takes any change in any order: after a power cut a name may be there whose file never got content, or
/// content without a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// Shared with the trees of other crash points until written to.
    contents: BTreeMap<Inode, Arc<Vec<u8>>>,
    dirs: BTreeMap<Inode, BTreeMap<Name, Entry>>,
}

impl Tree {
    pub(super) const ROOT: Entry = Entry { inode: Inode(0), is_dir: true };

    pub(super) fn content(&self, file: Inode) -> &[u8] {
        self.contents.get(&file).map_or(&[], |content| content)
    }

    pub(super) fn entry(&self, place: &Place) -> Option<Entry> {
        self.dirs.get(&place.dir)?.get(&place.name).copied()
    }

    pub(super) fn entries(&self, dir: Inode) -> impl Iterator<Item = (&Name, Entry)> {
        self.dirs.get(&dir).into_iter().flatten().map(|(name, entry)| (name, *entry))
    }

    /// The bytes of all files that have a name, each counted by `room_of`.
    pub(super) fn bytes(&self, room_of: impl Fn(Inode) -> u64) -> u64 {
        let named = self.dirs.values().flatten().filter(|(_, entry)| !entry.is_dir);
        named.map(|(_, entry)| room_of(entry.inode)).sum()
    }

    /// Everything below a directory, the deepest first.
    pub(super) fn below(&self, dir: Inode) -> Vec<(Place, Inode)> {
        let mut found = Vec::new();
        for (name, entry) in self.entries(dir) {
            if entry.is_dir {
                found.append(&mut self.below(entry.inode));
            }
            found.push((Place { dir, name: name.clone() }, entry.inode));
        }
        found
    }

    pub(super) fn lookup(&self, path: &Path) -> Result<Entry, Errno> {
        let mut entry = Tree::ROOT;
        for name in names(path) {
            let place = self.place_in(entry, name?)?;
            entry = self.entry(&place).ok_or(Errno::NOENT)?;
        }
        Ok(entry)
    }

    pub(super) fn lookup_dir(&self, path: &Path) -> Result<Inode, Errno> {
        match self.lookup(path)? {
            Entry { inode, is_dir: true } => Ok(inode),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// Where the last name of a path is or would be; its parent must be there.
    pub(super) fn place(&self, path: &Path) -> Result<Place, Errno> {
        let name = names(path).last().ok_or(Errno::ISDIR)??;
        let parent = self.lookup(path.parent().unwrap_or(Path::new("")))?;
        self.place_in(parent, name)
    }

    fn place_in(&self, parent: Entry, name: &str) -> Result<Place, Errno> {
        if !parent.is_dir {
            return Err(Errno::NOTDIR);
        }
        Ok(Place { dir: parent.inode, name: name.into() })
    }

    /// The change that a rename is; `None` when both names stand for the same thing already.
    pub(super) fn check_rename(&self, from: &Path, to: &Path) -> Result<Option<Change>, Errno> {
        let (from, to) = (self.place(from)?, self.place(to)?);
        let entry = self.entry(&from).ok_or(Errno::NOENT)?;
        if entry.inode == to.dir || self.is_below(to.dir, entry.inode) {
            return Err(Errno::INVAL);
        }
        match self.entry(&to) {
            Some(replaced) if replaced.inode == entry.inode => return Ok(None),
            Some(replaced) => self.check_replace(entry, replaced)?,
            None => {}
        }
        Ok(Some(Change::Rename { from, to, entry }))
    }

    fn check_replace(&self, entry: Entry, replaced: Entry) -> Result<(), Errno> {
        if self.is_below(entry.inode, replaced.inode) {
            return Err(Errno::NOTEMPTY);
        }
        match (entry.is_dir, replaced.is_dir) {
            (false, true) => Err(Errno::ISDIR),
            (true, false) => Err(Errno::NOTDIR),
            (true, true) if self.entries(replaced.inode).next().is_some() => Err(Errno::NOTEMPTY),
            _ => Ok(()),
        }
    }

    fn is_below(&self, inode: Inode, dir: Inode) -> bool {
        self.below(dir).iter().any(|(_, below)| *below == inode)
    }

    /// Makes a change. Names that a change expects and that are not there are not missed.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Link { place, entry } => self.link(place, *entry),
            Change::Unlink { place, inode } => self.unlink(place, *inode),
            Change::Rename { from, to, entry } => {
                self.take_name(from, entry.inode);
                self.link(to, *entry);
            }
            Change::Write { inode, position, bytes } => self.write(*inode, *position, bytes),
            Change::SetLen { inode, len } => self.content_mut(*inode).resize(in_memory(*len), 0),
            Change::Grow { inode, len } => {
                let content = self.content_mut(*inode);
                content.resize(content.len().max(in_memory(*len)), 0);
            }
        }
    }

    fn link(&mut self, place: &Place, entry: Entry) {
        self.dirs.entry(place.dir).or_default().insert(place.name.clone(), entry);
    }

    fn unlink(&mut self, place: &Place, inode: Inode) {
        if self.entry(place).is_some_and(|entry| entry.inode == inode) {
            self.dirs.entry(place.dir).or_default().remove(&place.name);
        }
    }

    /// Removes the one name of what is renamed. It is elsewhere when an earlier rename was lost.
    fn take_name(&mut self, from: &Place, inode: Inode) {
        if self.entry(from).is_some_and(|entry| entry.inode == inode) {
            self.unlink(from, inode);
        } else {
            self.dirs.values_mut().for_each(|names| names.retain(|_, entry| entry.inode != inode));
        }
    }

    fn write(&mut self, inode: Inode, position: u64, bytes: &[u8]) {
        let content = self.content_mut(inode);
        let start = in_memory(position);
        let end = start + bytes.len();
        content.resize(content.len().max(end), 0);
        content[start..end].copy_from_slice(bytes);
    }

    fn content_mut(&mut self, inode: Inode) -> &mut Vec<u8> {
        Arc::make_mut(self.contents.entry(inode).or_default())
    }
}

/// The names in a path. The current directory of a simulation is its root.
fn names(path: &Path) -> impl Iterator<Item = Result<&str, Errno>> {
    path.components().filter_map(|component| match component {
        Component::RootDir | Component::CurDir => None,
        Component::Normal(name) => Some(name.to_str().ok_or(Errno::INVAL)),
        Component::ParentDir | Component::Prefix(_) => Some(Err(Errno::INVAL)),
    })
}

fn in_memory(len: u64) -> usize {
    usize::try_from(len).expect("larger files were refused")
}
