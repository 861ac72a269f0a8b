//! One partition's log on disk: segments, sparse indexes, producer state, recovery.
//!
//! ```text
//! LogDir --- open_logs, create_logs ---> Log (one writer) --- append ---> active segment: .log, .index, .timeindex
//!   |  failed? full? how it was left       |                                   |
//!   |  checkpoints, open files             | Producers, Epochs                 v publish: view (on roll), then end
//!   +-- shared by all its logs             +-- roll, close --> snapshots    LogReader (no lock) ---> host::FileSlice
//! ```
//!
//! A [`Log`] appends ([`Log::append`]), makes durable ([`Log::begin_flush`]), moves its start ([`Log::advance_start`],
//! [`Log::expire_to`]) and its end ([`Log::truncate_to`]). A [`LogReader`] reads by offset and by time, and says what has
//! expired ([`LogReader::retained_from`]). Who calls them when is decided elsewhere: there are no threads and no clocks
//! here, except that [`LogDir::open_logs`] opens logs side by side.
//!
//! The files are Apache Kafka's, name by name and byte by byte. What more is kept lies in sidecars: `.windows` beside each
//! producer snapshot, `.damage` beside a damaged segment, `partition.metadata.copy`, and in the directory of all logs
//! `quarantine/`, `.ottla-session` and `.ottla-log-start-offsets`. The record bytes are those that the producer sent, but
//! for the stamp that [`record::stamp`] puts before them. Readers look at batch headers only; records are opened by
//! look-ups by time and by nothing else.
//!
//! A log that nobody uses has no file open: segments open theirs when they are needed, and beyond a bound for the whole
//! [`LogDir`] those that were used least lately are closed.
//!
//! A full disk refuses what needs room and is otherwise no obstacle ([`AppendError::StorageFull`]). After any other I/O
//! error of a write or a sync the [`LogDir`] refuses everything that would write.
//!
//! What is never done here: sockets, `async`, waiting, retrying a failed write or sync.

mod active;
mod checkpoint;
mod claim;
mod config;
mod dir;
mod end;
mod epochs;
mod files;
mod group;
mod index;
mod log;
mod many;
mod moving;
mod open_files;
mod producers;
mod reader;
mod recovery;
mod residency;
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
pub use log::{AppendError, AppendOutcome, CloseError, Flush, Log, Outcomes};
pub use many::{NewLog, Progress};
pub use moving::{FutureLog, Replaced};
pub use open_files::Patience;
pub use producers::{ActiveProducer, SequenceError};
pub use reader::{LogReader, ReadError};
pub use recovery::OpenError;
pub use residency::Residency;
pub use segment::Damage;
