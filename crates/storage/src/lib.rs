//! One partition's log on disk: segments, sparse indexes, producer state, recovery.
//!
//! ```text
//! Log (one writer) --- append ---> active segment: .log, .index, .timeindex
//!   |                                    |
//!   | Producers, Epochs                  v publish: view (on roll), then end
//!   +--- roll, close ---> snapshots   LogReader (any thread, no lock) ---> host::FileSlice
//! ```
//!
//! The files are Apache Kafka's, name by name and byte by byte. What more is kept lies in sidecars: `.windows` beside each
//! producer snapshot, `.damage` and `quarantine/` where a recovery found some, and per directory `.ottla-session` and
//! `.ottla-log-start-offsets`. The record bytes are those that the producer sent, but for the stamp that [`record::stamp`] puts before them. Readers
//! look at batch headers only; records are opened by look-ups by time and by nothing else.
//!
//! A log that nobody uses has no file open: segments open theirs when they are needed, and beyond a bound for the whole
//! [`LogDir`] those that were used least lately are closed.
//!
//! What is never done here: sockets, `async`, waiting, retrying a failed write or sync. After an I/O error the
//! [`LogDir`] refuses everything that would write.

mod active;
mod checkpoint;
mod config;
mod dir;
mod end;
mod epochs;
mod files;
mod group;
mod index;
mod log;
mod many;
mod open_files;
mod producers;
mod reader;
mod recovery;
mod retention;
mod retire;
mod roll;
mod room;
mod scan;
mod segment;
mod sparse;
mod timestamps;
mod view;

#[cfg(test)]
mod planted;
#[cfg(test)]
mod tests;

pub use config::LogConfig;
pub use dir::{LogDir, LogDirFailed, Stop};
pub use end::LogPosition;
pub use log::{AppendError, AppendOutcome, CloseError, Flush, Log};
pub use many::{NewLog, Progress};
pub use producers::SequenceError;
pub use reader::{LogReader, ReadError};
pub use recovery::OpenError;
pub use segment::Damage;
