//! Bugs that tests plant, to see that the checks would find them.

use std::cell::Cell;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// An append reports success before it has written.
    AckBeforeWrite,
    /// The names of a new log are not made durable.
    SkipDirectoryFsync,
    /// The window of remembered batches is one too small.
    DedupWindowOffByOne,
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Whether this bug is planted on this thread.
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Runs `check` with a bug.
pub fn with<T>(bug: Bug, check: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(bug));
    let result = check();
    PLANTED.set(None);
    result
}
