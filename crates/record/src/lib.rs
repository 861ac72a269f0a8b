//! Offsets, ids and record batches (format v2): view without copying, check, iterate, build, compress.
//!
//! The crate works on bytes that somebody else holds. A [`Batch`] borrows them, [`validate()`] says whether a producer
//! may append them, [`stamp`] makes the only sixteen bytes that a broker ever changes, and [`BatchBuilder`] makes new
//! ones. Nothing here does I/O, and nothing allocates because a number in the input asked for it.
//!
//! ```
//! # use ottla_record as record;
//! use record::{BatchBuilder, Compression, Rules, Timestamp};
//!
//! let mut builder = BatchBuilder::new(Compression::None);
//! builder.append(Timestamp(1_000), Some(b"key"), Some(b"value"), &[]);
//! let bytes = builder.build();
//!
//! let rules = Rules {
//!     max_message_bytes: 1 << 20,
//!     max_segment_bytes: 1 << 30,
//!     now: Timestamp(2_000),
//!     timestamp_before_max_ms: i64::MAX,
//!     timestamp_after_max_ms: 3_600_000,
//!     timestamp_type: record::TimestampType::CreateTime,
//!     encoding: None,
//! };
//! let produced = record::validate(&bytes, &rules)?;
//! assert_eq!(produced.header().record_count, 1);
//! # Ok::<(), record::Invalid>(())
//! ```

mod batch;
mod builder;
mod codec;
mod crc;
mod faults;
mod header;
mod ids;
mod recompress;
mod record;
#[cfg(test)]
mod samples;
mod uuid;
mod validate;
mod varint;

pub use batch::{Batch, BatchError, Batches, batches};
pub use builder::BatchBuilder;
pub use codec::{CodecError, Compression, Encoding, Limits, compress, decompress};
pub use crc::crc32c;
pub use faults::{FaultBudget, MAX_FAULTS, RecordFault, record_faults};
pub use header::{Attributes, BatchHeader, HEADER_LEN, LOG_OVERHEAD, MAGIC, STAMP_LEN, stamp};
pub use ids::{BrokerId, LeaderEpoch, Offset, PartitionIndex, ProducerEpoch, ProducerId, Timestamp};
pub use recompress::recompress;
pub use record::{Header, Headers, Malformed, Record, RecordError, Records};
pub use uuid::{ParseUuidError, TopicId, Uuid};
pub use validate::{Invalid, InvalidKind, ProducedBatch, Rules, TimestampType, validate};
