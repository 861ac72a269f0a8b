//! Zigzag varints, as Protocol Buffers' `sint32` and `sint64`, and the cursor that reads records.

use crate::record::Malformed;

/// Reads the parts of a record, and never past its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes }
    }

    #[inline]
    pub(crate) fn remaining(&self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&byte, rest) = self.bytes.split_first().ok_or(Malformed::Truncated)?;
        self.bytes = rest;
        Ok(byte)
    }

    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(Malformed::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// A varint of at most five bytes.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<i32, Malformed> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(unzigzag(u64::from(first)) as i32);
        }
        self.varint_tail::<5>(first).map(|value| value as i32)
    }

    /// A varint of at most ten bytes.
    #[inline]
    pub(crate) fn varlong(&mut self) -> Result<i64, Malformed> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(unzigzag(u64::from(first)));
        }
        self.varint_tail::<10>(first)
    }

    /// A length and so many bytes; a length of -1 is null.
    #[inline]
    pub(crate) fn nullable_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.varint()? {
            -1 => Ok(None),
            len => self.take(usize::try_from(len).map_err(|_| Malformed::NegativeLength)?).map(Some),
        }
    }

    /// The bytes of a varint after its first. Bits above the width of the integer are refused, not lost.
    #[inline]
    fn varint_tail<const MAX_BYTES: usize>(&mut self, first: u8) -> Result<i64, Malformed> {
        let width = if MAX_BYTES == 5 { 32 } else { 64 };
        let mut value = u64::from(first & 0x7F);
        for shift in (7..width).step_by(7) {
            let byte = self.byte()?;
            if shift + 7 > width && u32::from(byte) >= 1 << (width - shift) {
                return Err(Malformed::Varint);
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(unzigzag(value));
            }
        }
        Err(Malformed::Varint)
    }
}

#[inline]
fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[inline]
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The bytes of `value` as a varint, 1 to 10. An `i32` has the same form as the `i64` of its value.
pub(crate) fn varint_len(value: i64) -> usize {
    let bits = 64 - (zigzag(value) | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends `value` as a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, value: i64) {
    let mut value = zigzag(value);
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests;
