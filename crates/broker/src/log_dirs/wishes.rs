//! Where clients want logs that are not there yet.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// So many are kept; the oldest goes for a later one.
const WISHES_MAX: usize = 10_000;

/// Directories by the names of logs.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    dirs: HashMap<Arc<str>, Wish>,
    /// By their age, oldest first.
    names: BTreeMap<u64, Arc<str>>,
    /// How many were ever added.
    added: u64,
}

#[derive(Debug)]
struct Wish {
    dir: usize,
    age: u64,
}

impl Wishes {
    /// The log `name` is wanted in the directory of this index, whatever was wished for before.
    pub(super) fn add(&mut self, name: String, dir: usize) {
        self.take(&name);
        if self.dirs.len() == WISHES_MAX
            && let Some((_, oldest)) = self.names.pop_first()
        {
            self.dirs.remove(&oldest);
        }
        let (name, age) = (Arc::<str>::from(name), self.added);
        self.added += 1;
        self.names.insert(age, Arc::clone(&name));
        self.dirs.insert(name, Wish { dir, age });
    }

    /// The directory that was wished for; the wish is over.
    pub(super) fn take(&mut self, name: &str) -> Option<usize> {
        let Wish { dir, age } = self.dirs.remove(name)?;
        self.names.remove(&age);
        Some(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_wishes_are_kept_and_each_counts_once() {
        let mut wishes = Wishes::default();
        (0..WISHES_MAX).for_each(|index| wishes.add(format!("t-{index}"), 1));
        wishes.add("t-0".to_owned(), 2);
        (0..10).for_each(|index| wishes.add(format!("u-{index}"), 3));
        assert_eq!((wishes.dirs.len(), wishes.names.len()), (WISHES_MAX, WISHES_MAX));
        assert_eq!(wishes.take("t-1"), None, "the oldest are gone");
        assert_eq!(wishes.take("t-10"), None);
        assert_eq!(wishes.take("t-11"), Some(1));
        assert_eq!(wishes.take("t-0"), Some(2), "it was wished for again");
        assert_eq!(wishes.take("t-0"), None);
        assert_eq!(wishes.take("u-9"), Some(3));
        assert_eq!((wishes.dirs.len(), wishes.names.len()), (WISHES_MAX - 3, WISHES_MAX - 3));
    }
}
