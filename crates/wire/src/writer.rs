//! Writing primitive values into a caller's buffer.

use crate::reader::MAX_STRING_LEN;
use crate::{ErrorCode, Field, Versions};

/// A place where bytes that are not in the buffer belong: record data that goes from a file to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Index in the buffer before which the bytes go.
    pub at: usize,
    /// How many bytes go there; may be 0.
    pub len: usize,
}

/// Appends values to a buffer and notes the holes.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    cuts: &'a mut Vec<Cut>,
    flexible: bool,
    errors: Vec<ErrorCode>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`, in the old, not flexible form; holes are appended to `cuts`, in order.
    pub fn new(out: &'a mut Vec<u8>, cuts: &'a mut Vec<Cut>) -> Writer<'a> {
        Writer { out, cuts, flexible: false, errors: Vec::new() }
    }

    /// Notes an error that the message tells; a message without errors allocates nothing.
    #[inline]
    pub(crate) fn note(&mut self, code: ErrorCode) {
        if code != ErrorCode::NONE {
            self.errors.push(code);
        }
    }

    /// The errors that were written, in order.
    pub(crate) fn into_errors(self) -> Vec<ErrorCode> {
        self.errors
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

    /// Starts the body of a request or response: chooses the form.
    ///
    /// # Panics
    /// If `version` is not within `versions`.
    pub fn begin(&mut self, version: i16, versions: Versions, flexible: i16) {
        assert!(versions.contains(version), "version {version} is not within {versions}");
        self.flexible = version >= flexible;
    }

    /// Appends `bytes` as they are.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// An unsigned base-128 integer, low bits first.
    #[inline]
    pub fn unsigned_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    /// A string, or null.
    ///
    /// # Panics
    /// If it is longer than 32,767 bytes.
    pub fn nullable_string(&mut self, string: Option<&str>) {
        let len = string.map(str::len);
        assert!(len.unwrap_or(0) <= MAX_STRING_LEN, "a string of {} bytes", len.unwrap_or(0));
        match self.flexible {
            true => self.len(len),
            false => self.raw(&len.map_or(-1, |len| len as i16).to_be_bytes()),
        }
        self.raw(string.unwrap_or_default().as_bytes());
    }

    /// A byte string, or null.
    pub fn nullable_bytes(&mut self, bytes: Option<&[u8]>) {
        self.len(bytes.map(<[u8]>::len));
        self.raw(bytes.unwrap_or_default());
    }

    /// A byte string whose `len` bytes are not written: a cut notes their place.
    pub fn hole(&mut self, len: usize) {
        self.len(Some(len));
        self.cuts.push(Cut { at: self.out.len(), len });
    }

    /// The length of a byte string, or the count of an array; `None` is null.
    ///
    /// # Panics
    /// If it is beyond 2^31 - 1.
    pub fn len(&mut self, len: Option<usize>) {
        let len = len.map(|len| i32::try_from(len).expect("no message is longer than 2^31 - 1 bytes"));
        match self.flexible {
            true => self.unsigned_varint(len.map_or(0, |len| len as u32 + 1)),
            false => self.raw(&len.unwrap_or(-1).to_be_bytes()),
        }
    }

    /// The number of tagged fields that follow; nothing where the form is not flexible.
    #[inline]
    pub fn tag_count(&mut self, count: u32) {
        if self.flexible {
            self.unsigned_varint(count);
        }
    }

    /// One tagged field. Tags must be written in ascending order.
    pub fn tagged<'f>(&mut self, tag: u32, field: &impl Field<'f>, version: i16) {
        let tagged = self.begin_tagged(tag);
        field.write(self, version);
        self.end_tagged(tagged);
    }

    fn begin_tagged(&mut self, tag: u32) -> Tagged {
        self.unsigned_varint(tag);
        Tagged { start: self.out.len(), cuts: self.cuts.len() }
    }

    /// The size goes before the field but is known only after it.
    fn end_tagged(&mut self, Tagged { start, cuts }: Tagged) {
        assert_eq!(cuts, self.cuts.len(), "a tagged field cannot hold a hole");
        let end = self.out.len();
        self.unsigned_varint((end - start) as u32);
        let prefix = self.out.len() - end;
        self.out[start..].rotate_right(prefix);
    }
}

/// Where a tagged field began.
struct Tagged {
    start: usize,
    cuts: usize,
}

#[cfg(test)]
mod tests;
