//! The engine logs through slog; here its lines become `tracing` events of the level debug.

use slog::{Drain, Logger, Never, OwnedKVList, Record, o};

/// A logger for the engine.
pub(crate) fn logger() -> Logger {
    Logger::root(ToTracing, o!())
}

struct ToTracing;

impl Drain for ToTracing {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, _values: &OwnedKVList) -> Result<(), Never> {
        tracing::debug!(target: "quorum::engine", "{}", record.msg());
        Ok(())
    }
}
