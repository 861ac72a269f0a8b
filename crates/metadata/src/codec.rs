//! The encoding that metadata records and the quorum's files share: LEB128 integers and length-prefixed bytes.
//!
//! ```text
//! integer   LEB128, at most 10 bytes; signed ones are zigzagged first
//! bytes     integer length, then that many bytes; strings are UTF-8
//! list      integer count, then the items (an item takes at least one byte)
//! option    one byte 0 or 1, then the value
//! ```

use std::sync::Arc;

use record::{BrokerId, Uuid};

/// Appends encoded values to a buffer of its own.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty writer.
    pub fn new() -> Writer {
        Writer::default()
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// A boolean, as one byte 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// An unsigned integer.
    pub fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A signed integer.
    pub fn i64(&mut self, value: i64) {
        self.u64(((value << 1) ^ (value >> 63)) as u64);
    }

    /// A signed integer of 32 bits; encoded as [`Writer::i64`] does.
    pub fn i32(&mut self, value: i32) {
        self.i64(i64::from(value));
    }

    /// Bytes after their length.
    pub fn bytes(&mut self, value: &[u8]) {
        self.u64(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// A string after its length in bytes.
    pub fn str(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    /// The 16 bytes of an id.
    pub fn uuid(&mut self, value: Uuid) {
        self.0.extend_from_slice(&value.0);
    }

    /// A broker's id.
    pub fn broker(&mut self, value: BrokerId) {
        self.i32(value.0);
    }

    /// A value that may be absent.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// A list after its count. Every item must take at least one byte.
    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Writer, &T)) {
        self.u64(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }
}

/// Reads what a [`Writer`] wrote. Every failure is a [`DecodeError`]; nothing larger than the input is ever allocated.
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    /// The bytes that were not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Checks that everything was read.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::TrailingBytes(self.0.len())) }
    }

    /// The next `len` bytes as they are.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(DecodeError::TooShort)?;
        self.0 = rest;
        Ok(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1)?[0])
    }

    /// A boolean.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::InvalidFlag(other)),
        }
    }

    /// An unsigned integer.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(DecodeError::IntegerTooLarge);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::IntegerTooLarge)
    }

    /// A signed integer.
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        let zigzag = self.u64()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// A signed integer that fits 32 bits.
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        i32::try_from(self.i64()?).map_err(|_| DecodeError::IntegerTooLarge)
    }

    /// Bytes after their length.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.u64()?;
        self.take(usize::try_from(len).map_err(|_| DecodeError::TooShort)?)
    }

    /// A string after its length.
    pub fn str(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::InvalidUtf8)
    }

    /// A string, shared.
    pub fn shared_str(&mut self) -> Result<Arc<str>, DecodeError> {
        self.str().map(Arc::from)
    }

    /// The 16 bytes of an id.
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        let bytes = self.take(16)?.try_into().expect("16 bytes were taken");
        Ok(Uuid(bytes))
    }

    /// A broker's id.
    pub fn broker(&mut self) -> Result<BrokerId, DecodeError> {
        self.i32().map(BrokerId)
    }

    /// A value that may be absent.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.bool()? { read(self).map(Some) } else { Ok(None) }
    }

    /// A list after its count.
    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.u64()?;
        // An item takes at least one byte, so a count beyond the rest of the input is a lie; items are pushed as they come.
        if count > self.0.len() as u64 {
            return Err(DecodeError::TooShort);
        }
        (0..count).map(|_| read(self)).collect()
    }
}

/// Why bytes are not what a [`Writer`] of this version writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ends before the value does.
    #[error("the metadata ends too early")]
    TooShort,
    /// A value is followed by bytes that belong to nothing.
    #[error("{0} bytes follow the metadata")]
    TrailingBytes(usize),
    /// An integer does not fit its type.
    #[error("an integer in the metadata is too large")]
    IntegerTooLarge,
    /// A string is not UTF-8.
    #[error("a string in the metadata is not UTF-8")]
    InvalidUtf8,
    /// A boolean or an enum has a value that this version does not know.
    #[error("a flag in the metadata has the unknown value {0}")]
    InvalidFlag(u8),
    /// A record of a kind, or of a version of its kind, that this version does not know.
    #[error(
        "the metadata has a record of kind {kind} version {version}, written by a newer version: upgrade this node first"
    )]
    UnknownRecord {
        /// The kind's number.
        kind: u8,
        /// The version of the kind's encoding.
        version: u8,
    },
}

#[cfg(test)]
mod tests;
