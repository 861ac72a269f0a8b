//! Bugs that the tests plant, to see that the checks find them. A bug is planted in one thread only.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::sync::Arc;

use host::File;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A batch is acknowledged, and written when the next one comes.
    AckBeforeWrite,
    /// The names of a new segment's files are not made durable.
    SkipDirectoryFsync,
    /// One batch too few is known again.
    DedupWindowOffByOne,
}

type Write = (Arc<File>, Vec<u8>, u64);

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    static LATER: RefCell<Option<Write>> = const { RefCell::new(None) };
}

pub(crate) fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Runs `check` with the bug.
pub(crate) fn with<T>(bug: Bug, check: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(bug));
    let outcome = check();
    PLANTED.set(None);
    LATER.take();
    outcome
}

pub(crate) fn write_later(file: &Arc<File>, slices: &[IoSlice<'_>], position: u64) -> io::Result<()> {
    let bytes = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
    match LATER.replace(Some((Arc::clone(file), bytes, position))) {
        Some((file, bytes, position)) => file.write_all_at(&bytes, position),
        None => Ok(()),
    }
}
