//! The header of a record batch, format v2 (KIP-98). All integers are big-endian.
//!
//! ```text
//!  0        8      12      16 17    21  23    27       35       43       51  53     57     61
//!  +--------+-------+-------+-+-----+---+-----+--------+--------+--------+---+------+------+--------
//!  |base    |batch  |part.  |m|crc  |at-|last |base    |max     |producer|pr.|base  |record|records
//!  |offset  |length |leader |a|     |tri|off. |time-   |time-   |id      |ep.|sequ. |count |(maybe
//!  |        |       |epoch  |g|     |b. |delta|stamp   |stamp   |        |   |      |      |compressed)
//!  +--------+-------+-------+-+-----+---+-----+--------+--------+--------+---+------+------+--------
//!  |<---- the stamp: 16 --->|       |<------------------ covered by the CRC-32C ------------------->
//!                   |<----------------------------- batch length ---------------------------------->
//! ```
//!
//! The stamp lies before the checksummed part, so a broker gives a batch its place in the log without touching, or
//! checksumming, what the producer built.

use crate::codec::Compression;
use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Timestamp};

/// The bytes of base offset and batch length: what `batch_length` does not count.
pub const LOG_OVERHEAD: usize = 12;
/// The bytes of a whole batch header.
pub const HEADER_LEN: usize = 61;
/// The bytes at the start of a batch that a broker replaces.
pub const STAMP_LEN: usize = 16;
/// The only batch format that is read and written here.
pub const MAGIC: i8 = 2;

/// Where the checksummed part begins.
pub(crate) const CRC_COVERS_FROM: usize = 21;

const CODEC_MASK: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
const DELETE_HORIZON: i16 = 0x40;

/// The decoded header of a batch. Decoding checks nothing: every field is what the bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// The offset of the first record; a producer sends 0.
    pub base_offset: Offset,
    /// The bytes of the batch after this field.
    pub batch_length: i32,
    /// The epoch of the leader that appended the batch; a producer sends -1.
    pub partition_leader_epoch: LeaderEpoch,
    /// The batch format.
    pub magic: i8,
    /// CRC-32C of the bytes from `attributes` to the end of the batch.
    pub crc: u32,
    /// Codec and flags.
    pub attributes: Attributes,
    /// The offset of the last record less `base_offset`; compaction may leave it above `record_count - 1`.
    pub last_offset_delta: i32,
    /// What the timestamp deltas of the records are relative to.
    pub base_timestamp: Timestamp,
    /// The largest timestamp of the records, or the time of the append when the attributes say so.
    pub max_timestamp: Timestamp,
    /// The idempotent producer, or -1.
    pub producer_id: ProducerId,
    /// The epoch of the idempotent producer, or -1.
    pub producer_epoch: ProducerEpoch,
    /// The sequence number of the first record, or -1.
    pub base_sequence: i32,
    /// The number of records.
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the fields.
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> BatchHeader {
        BatchHeader {
            base_offset: Offset(i64::from_be_bytes(field::<0, 8>(bytes))),
            batch_length: i32::from_be_bytes(field::<8, 4>(bytes)),
            partition_leader_epoch: LeaderEpoch(i32::from_be_bytes(field::<12, 4>(bytes))),
            magic: i8::from_be_bytes(field::<16, 1>(bytes)),
            crc: u32::from_be_bytes(field::<17, 4>(bytes)),
            attributes: Attributes(i16::from_be_bytes(field::<21, 2>(bytes))),
            last_offset_delta: i32::from_be_bytes(field::<23, 4>(bytes)),
            base_timestamp: Timestamp(i64::from_be_bytes(field::<27, 8>(bytes))),
            max_timestamp: Timestamp(i64::from_be_bytes(field::<35, 8>(bytes))),
            producer_id: ProducerId(i64::from_be_bytes(field::<43, 8>(bytes))),
            producer_epoch: ProducerEpoch(i16::from_be_bytes(field::<51, 2>(bytes))),
            base_sequence: i32::from_be_bytes(field::<53, 4>(bytes)),
            record_count: i32::from_be_bytes(field::<57, 4>(bytes)),
        }
    }

    /// Writes the fields, the CRC as it stands.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..STAMP_LEN].copy_from_slice(&stamp(self, self.base_offset, self.partition_leader_epoch));
        bytes[16] = self.magic.to_be_bytes()[0];
        bytes[17..21].copy_from_slice(&self.crc.to_be_bytes());
        bytes[21..23].copy_from_slice(&self.attributes.0.to_be_bytes());
        bytes[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        bytes[27..35].copy_from_slice(&self.base_timestamp.0.to_be_bytes());
        bytes[35..43].copy_from_slice(&self.max_timestamp.0.to_be_bytes());
        bytes[43..51].copy_from_slice(&self.producer_id.0.to_be_bytes());
        bytes[51..53].copy_from_slice(&self.producer_epoch.0.to_be_bytes());
        bytes[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        bytes[57..61].copy_from_slice(&self.record_count.to_be_bytes());
        bytes
    }

    /// The bytes of the whole batch: `12 + batch_length`, a negative length counted as 0.
    pub fn total_len(&self) -> usize {
        LOG_OVERHEAD + usize::try_from(self.batch_length).unwrap_or(0)
    }

    /// The offset of the last record, which compaction may have removed; saturates.
    pub fn last_offset(&self) -> Offset {
        Offset(self.base_offset.0.saturating_add(i64::from(self.last_offset_delta)))
    }

    /// The offset that follows this batch; saturates.
    pub fn next_offset(&self) -> Offset {
        Offset(self.last_offset().0.saturating_add(1))
    }

    /// The sequence number of the last record; after `i32::MAX` comes 0. -1 when the producer is not idempotent.
    pub fn last_sequence(&self) -> i32 {
        match self.base_sequence {
            ..0 => -1,
            first => first.wrapping_add(self.last_offset_delta) & i32::MAX,
        }
    }
}

/// The 16 bytes that replace the start of a batch at append: base offset, batch length, partition leader epoch.
///
/// They lie before the checksummed part, so a batch is written as `[stamp, bytes[16..]]` with one vectored write and
/// the received buffer is never modified.
pub fn stamp(header: &BatchHeader, base_offset: Offset, epoch: LeaderEpoch) -> [u8; STAMP_LEN] {
    let mut bytes = [0; STAMP_LEN];
    bytes[..8].copy_from_slice(&base_offset.0.to_be_bytes());
    bytes[8..12].copy_from_slice(&header.batch_length.to_be_bytes());
    bytes[12..].copy_from_slice(&epoch.0.to_be_bytes());
    bytes
}

/// The attributes of a batch: codec in bits 0-2, then flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub i16);

impl Attributes {
    /// The codec of the records, or its id when that names none.
    pub fn compression(self) -> Result<Compression, u8> {
        let id = (self.0 & CODEC_MASK) as u8;
        Compression::from_id(id).ok_or(id)
    }

    /// All records have the time of the append, which is `max_timestamp` (bit 3).
    pub fn is_log_append_time(self) -> bool {
        self.0 & LOG_APPEND_TIME != 0
    }

    /// The batch is part of a transaction (bit 4, KIP-98).
    pub fn is_transactional(self) -> bool {
        self.0 & TRANSACTIONAL != 0
    }

    /// The batch holds a control record, as transaction markers are, and nothing for applications (bit 5, KIP-98).
    pub fn is_control(self) -> bool {
        self.0 & CONTROL != 0
    }

    /// `base_timestamp` is the time after which compaction may drop the tombstones (bit 6, KIP-534).
    pub fn has_delete_horizon(self) -> bool {
        self.0 & DELETE_HORIZON != 0
    }

    /// These with another codec.
    pub(crate) fn with_compression(self, compression: Compression) -> Attributes {
        Attributes(self.0 & !CODEC_MASK | i16::from(compression.id()))
    }

    /// These, of a batch whose records have the time of the append.
    pub(crate) fn with_log_append_time(self) -> Attributes {
        Attributes(self.0 | LOG_APPEND_TIME)
    }

    /// These, of a batch whose records have times of their own.
    pub(crate) fn without_log_append_time(self) -> Attributes {
        Attributes(self.0 & !LOG_APPEND_TIME)
    }

    pub(crate) fn new(compression: Compression, transactional: bool, control: bool) -> Attributes {
        let flag = |on: bool, bit: i16| if on { bit } else { 0 };
        Attributes(i16::from(compression.id()) | flag(transactional, TRANSACTIONAL) | flag(control, CONTROL))
    }
}

/// The `N` bytes at `AT`. Both are constants, so the bounds check is made by the compiler.
fn field<const AT: usize, const N: usize>(bytes: &[u8; HEADER_LEN]) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[AT..AT + N]);
    field
}

#[cfg(test)]
mod tests;
