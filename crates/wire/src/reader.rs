//! Reading primitive values from borrowed bytes.

use thiserror::Error;

use crate::Versions;

/// The longest string the protocol has, in bytes; the compact form could say more, Kafka refuses it likewise.
pub(crate) const MAX_STRING_LEN: usize = i16::MAX as usize;

/// A position in a frame, from which values are taken in order. Every length is checked against the bytes that are left.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    flexible: bool,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from the start, in the old, not flexible form.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, flexible: false }
    }

    /// Whether lengths are compact and structs end with tagged fields (KIP-482).
    #[inline]
    pub fn is_flexible(&self) -> bool {
        self.flexible
    }

    /// Chooses the form of what follows.
    pub fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    /// Bytes not read yet.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Starts the body of a request or response: checks its version and chooses the form.
    ///
    /// # Errors
    /// `version` is not within `versions`.
    pub fn begin(&mut self, version: i16, versions: Versions, flexible: i16) -> Result<(), DecodeError> {
        if !versions.contains(version) {
            return Err(self.error(Reason::UnsupportedVersion));
        }
        self.flexible = version >= flexible;
        Ok(())
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// There are bytes left.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.remaining() == 0 { Ok(()) } else { Err(self.error(Reason::TrailingBytes)) }
    }

    /// Takes `len` bytes.
    ///
    /// # Errors
    /// Fewer are left.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        match self.bytes[self.at..].get(..len) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => Err(self.error(Reason::Truncated)),
        }
    }

    /// Takes `N` bytes as an array.
    ///
    /// # Errors
    /// Fewer are left.
    #[inline]
    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes[self.at..].first_chunk::<N>() {
            Some(taken) => {
                self.at += N;
                Ok(*taken)
            }
            None => Err(self.error(Reason::Truncated)),
        }
    }

    /// An unsigned base-128 integer of at most 5 bytes and 32 bits, low bits first.
    ///
    /// # Errors
    /// It is longer, wider, or cut off.
    #[inline]
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u32::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let [byte] = self.take_array()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        match self.take_array()? {
            [byte] if byte < 0x10 => Ok(value | u32::from(byte) << 28),
            _ => Err(self.error(Reason::LongVarint)),
        }
    }

    /// A string, or null: any negative length, as in Apache Kafka.
    ///
    /// # Errors
    /// Its length is beyond 32,767 or beyond the bytes left, or it is not UTF-8.
    pub fn nullable_string(&mut self) -> Result<Option<&'a str>, DecodeError> {
        let len = match self.flexible {
            true => self.compact_len()?,
            false => self.signed_len(|r| r.take_array().map(i16::from_be_bytes).map(i32::from))?,
        };
        let Some(len) = len else { return Ok(None) };
        if len > MAX_STRING_LEN {
            return Err(self.error(Reason::LongString));
        }
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| self.error(Reason::InvalidUtf8))
    }

    /// A byte string, or null: any negative length.
    ///
    /// # Errors
    /// Its length is beyond the bytes left.
    pub fn nullable_bytes(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        match self.len()? {
            Some(len) => self.take(len).map(Some),
            None => Ok(None),
        }
    }

    /// The number of an array's elements, or null. Each element takes at least one byte, so a count beyond the bytes
    /// left is false.
    ///
    /// # Errors
    /// The count is beyond the bytes left.
    pub fn count(&mut self) -> Result<Option<usize>, DecodeError> {
        match self.len()? {
            Some(count) if count > self.remaining() => Err(self.error(Reason::FalseCount)),
            count => Ok(count),
        }
    }

    fn len(&mut self) -> Result<Option<usize>, DecodeError> {
        match self.flexible {
            true => self.compact_len(),
            false => self.signed_len(|r| r.take_array().map(i32::from_be_bytes)),
        }
    }

    #[inline]
    fn compact_len(&mut self) -> Result<Option<usize>, DecodeError> {
        Ok((self.unsigned_varint()? as usize).checked_sub(1))
    }

    #[inline]
    fn signed_len(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<i32, DecodeError>,
    ) -> Result<Option<usize>, DecodeError> {
        Ok(usize::try_from(read(self)?).ok())
    }

    /// The number of tagged fields that end a struct: 0 where the form is not flexible.
    ///
    /// # Errors
    /// There cannot be as many: each takes at least two bytes.
    #[inline]
    pub fn tag_count(&mut self) -> Result<u32, DecodeError> {
        if !self.flexible {
            return Ok(0);
        }
        let count = self.unsigned_varint()?;
        if count as usize > self.remaining() / 2 { Err(self.error(Reason::FalseCount)) } else { Ok(count) }
    }

    /// One tagged field: its tag, and a reader of just its bytes.
    ///
    /// # Errors
    /// It is cut off.
    pub fn tagged(&mut self) -> Result<(u32, Reader<'a>), DecodeError> {
        let tag = self.unsigned_varint()?;
        let len = self.unsigned_varint()? as usize;
        let at = self.at;
        self.take(len).map_err(|_| self.error(Reason::TagTruncated))?;
        Ok((tag, Reader { bytes: &self.bytes[..at + len], at, flexible: self.flexible }))
    }

    /// Passes over the tagged fields of a struct that knows none.
    ///
    /// # Errors
    /// One is cut off.
    #[inline]
    pub fn skip_tags(&mut self) -> Result<(), DecodeError> {
        match self.tag_count()? {
            0 => Ok(()),
            count => self.skip_unknown_tags(count),
        }
    }

    #[cold]
    fn skip_unknown_tags(&mut self, count: u32) -> Result<(), DecodeError> {
        (0..count).try_for_each(|_| self.tagged().map(|_| ()))
    }

    /// The bytes read since this reader was at `start`.
    pub(crate) fn since(&self, start: &Reader<'a>) -> &'a [u8] {
        &self.bytes[start.at..self.at]
    }

    /// An error at the current position.
    #[cold]
    pub fn error(&self, reason: Reason) -> DecodeError {
        DecodeError { reason, at: self.at, field: "" }
    }
}

/// Why bytes are not the message they should be. Cheap to make: nothing is formatted until it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{reason} at byte {at} of the frame{}{field}", if field.is_empty() { "" } else { ", in " })]
pub struct DecodeError {
    /// What is wrong.
    pub reason: Reason,
    /// Where: bytes from the start of the frame, not counting its size.
    pub at: usize,
    /// The field, as `Struct.field`; empty when outside of one.
    pub field: &'static str,
}

impl DecodeError {
    /// Names the field in which it happened, unless a more deeply nested one has been named.
    #[cold]
    pub fn in_field(mut self, field: &'static str) -> DecodeError {
        if self.field.is_empty() {
            self.field = field;
        }
        self
    }
}

/// What can be wrong with the bytes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// A value or length goes beyond the bytes there are.
    #[error("a value goes beyond the end")]
    Truncated,
    /// A count says more elements than the bytes there are could hold.
    #[error("a count is more than the bytes could hold")]
    FalseCount,
    /// The size of a tagged field goes beyond the bytes there are.
    #[error("a tagged field goes beyond the end")]
    TagTruncated,
    /// A tagged field that only other versions have.
    #[error("a tagged field is not in this version")]
    TagVersion,
    /// Bytes follow the last field, of the message or of a tagged field.
    #[error("bytes follow the last field")]
    TrailingBytes,
    /// Null where the field and version have no null.
    #[error("null is not allowed")]
    Null,
    /// A string beyond 32,767 bytes.
    #[error("a string is longer than 32767 bytes")]
    LongString,
    /// A varint beyond 5 bytes or 32 bits.
    #[error("a varint is too long")]
    LongVarint,
    /// A string that is not UTF-8.
    #[error("a string is not valid UTF-8")]
    InvalidUtf8,
    /// A nullable struct's marker that is neither -1 nor 1.
    #[error("the marker of a nullable struct is neither -1 nor 1")]
    InvalidMarker,
    /// An API key that Kafka does not have (any more).
    #[error("unknown API key")]
    UnknownApiKey,
    /// A version that the API or message does not have.
    #[error("unsupported version")]
    UnsupportedVersion,
}

#[cfg(test)]
mod tests;
