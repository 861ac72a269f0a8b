//! A coordinator's log, from its start to its end.

use record::{BatchError, Limits, Offset, Record, RecordError};
use storage::{Patience, ReadError};

use crate::partition::Partition;

/// How much is read at once, but for a batch that is larger.
const READ_BYTES: u32 = 1 << 20;
/// What the broker wrote itself is read whatever it was compressed from: a batch of zeros must not take a log out of service.
const OWN_BATCHES: Limits = Limits {
    max_decompressed_bytes: 1 << 30,
    max_ratio: usize::MAX,
    ratio_free_bytes: 1 << 30,
    zstd_window_log_max: 27,
};

/// Why a log cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The log says so.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file says so.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A batch is none.
    #[error("offset {at}: {error}")]
    Batch {
        /// Where.
        at: Offset,
        /// What is wrong.
        error: BatchError,
    },
    /// A batch is not what its checksum was made of.
    #[error("offset {at}: the checksum does not fit")]
    Checksum {
        /// Where.
        at: Offset,
    },
    /// Records of a batch are none.
    #[error("offset {at}: {error}")]
    Record {
        /// Where.
        at: Offset,
        /// What is wrong.
        error: RecordError,
    },
    /// The partition was taken away meanwhile, or nobody wants it loaded any more.
    #[error("the partition was taken away")]
    Retired,
}

/// Hands every record that has a key to `take`, in order, as long as it `is_wanted`. Control batches, which say how
/// transactions end, are passed over. Blocks.
///
/// # Errors
/// Something cannot be read. What came before it was taken.
pub fn read_all(
    partition: &Partition,
    is_wanted: impl Fn() -> bool,
    mut take: impl FnMut(&[u8], &Record<'_>),
) -> Result<(), LoadError> {
    let reader = partition.reader();
    let (mut at, end) = (partition.log_start_offset(), reader.end());
    let (mut bytes, mut scratch) = (Vec::new(), Vec::new());
    while at < end.offset {
        if partition.is_retired() || !is_wanted() {
            return Err(LoadError::Retired);
        }
        let Some(slice) = reader.read(at, None, end, READ_BYTES, true, Patience::Waits)? else { break };
        bytes.clear();
        slice.read_into(&mut bytes)?;
        at = take_batches(&bytes, at, &mut scratch, &mut take)?;
    }
    Ok(())
}

/// Returns where the next batch begins.
fn take_batches(
    bytes: &[u8],
    mut at: Offset,
    scratch: &mut Vec<u8>,
    take: &mut impl FnMut(&[u8], &Record<'_>),
) -> Result<Offset, LoadError> {
    let from = at;
    for batch in record::batches(bytes) {
        let batch = batch.map_err(|error| LoadError::Batch { at, error })?;
        let header = batch.header();
        if !batch.crc_ok() {
            return Err(LoadError::Checksum { at });
        }
        let next = Offset(header.base_offset.0.saturating_add(i64::from(header.last_offset_delta)).saturating_add(1));
        if !header.attributes.is_control() {
            let failed = |error| LoadError::Record { at, error };
            for record in batch.records(&OWN_BATCHES, scratch).map_err(failed)? {
                let record = record.map_err(failed)?;
                if let (Some(key), true) = (record.key, record.offset >= from) {
                    take(key, &record);
                }
            }
        }
        at = next;
    }
    // A batch that does not move on would be read for ever.
    if at > from { Ok(at) } else { Err(LoadError::Read(ReadError::Deleted)) }
}
