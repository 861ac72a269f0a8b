//! One partition's log on disk, in Kafka's files and formats.
//!
//! ```text
//! <log dir>/<topic>-<partition>/
//!     00000000000000000000.log          record batches, as produced               (segment.rs)
//!     00000000000000000000.index        offsets to positions, sparse              (index.rs)
//!     00000000000000000000.timeindex    timestamps to offsets, sparse             (index.rs)
//!     00000000000000004711.snapshot     producers, at a clean stop                (snapshot.rs)
//!     00000000000000004711.producers    the same, with the last five batches each
//!     leader-epoch-checkpoint                                                     (epochs.rs)
//!     partition.metadata                the topic's id                            (dir.rs)
//! ```
//!
//! [`Log`] is the appender: one writer, which callers hold in a mutex. [`LogReader`] reads without that lock. A batch is
//! written once, as it came, but for its first 16 bytes (offset, length, leader epoch), which lie before its checksum.
//!
//! Invariants: readers never see bytes beyond the published end; a position that a reader was given stays valid; everything but
//! the `.log` files can be deleted while the broker is stopped and is made again.
//!
//! Deliberately absent: sockets, `async`, decompression (but for look-ups by time), any idea of replication.

mod append;
mod checkpoint;
mod dir;
mod end;
mod epochs;
mod index;
mod log;
mod names;
mod producers;
mod reader;
mod recovery;
mod segment;
mod snapshot;
mod time;

#[cfg(test)]
mod planted;
#[cfg(test)]
mod testing;

pub use dir::{LogDir, Stop};
pub use end::LogPosition;
pub use log::{AppendError, AppendOutcome, CloseError, Log, LogConfig, OpenError};
pub use producers::SequenceError;
pub use reader::{LogReader, ReadError};
