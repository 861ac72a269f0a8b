//! Record data in a message.

use crate::{DecodeError, Field, Nullable, Reader, Reason, Writer};

/// The record batches of one partition in a Produce request or a Fetch response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records<'a> {
    /// The batches themselves. Decoding always gives these.
    Bytes(&'a [u8]),
    /// So many bytes that the sender puts in from elsewhere: encoding writes the length and notes a [`Cut`](crate::Cut).
    Hole(usize),
}

impl Records<'_> {
    /// Bytes of the batches.
    pub fn len(&self) -> usize {
        match self {
            Records::Bytes(bytes) => bytes.len(),
            Records::Hole(len) => *len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> Records<'a> {
    /// The batches, or `None` for a hole.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        match *self {
            Records::Bytes(bytes) => Some(bytes),
            Records::Hole(_) => None,
        }
    }
}

impl Default for Records<'_> {
    fn default() -> Self {
        Records::Bytes(&[])
    }
}

impl<'a> From<&'a [u8]> for Records<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Records::Bytes(bytes)
    }
}

impl<'a> Field<'a> for Records<'a> {
    fn read(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        Self::read_nullable(r, version)?.ok_or_else(|| r.error(Reason::Null))
    }

    fn write(&self, w: &mut Writer<'_>, _version: i16) {
        match *self {
            Records::Bytes(bytes) => w.nullable_bytes(Some(bytes)),
            Records::Hole(len) => w.hole(len),
        }
    }
}

impl<'a> Nullable<'a> for Records<'a> {
    fn read_nullable(r: &mut Reader<'a>, _version: i16) -> Result<Option<Self>, DecodeError> {
        Ok(r.nullable_bytes()?.map(Records::Bytes))
    }

    fn write_nullable(this: Option<&Self>, w: &mut Writer<'_>, version: i16) {
        match this {
            Some(this) => this.write(w, version),
            None => w.nullable_bytes(None),
        }
    }
}
