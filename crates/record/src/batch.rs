//! A record batch as a view of bytes that lie elsewhere.

use crate::codec::Limits;
use crate::crc::crc32c;
use crate::header::{BatchHeader, CRC_COVERS_FROM, HEADER_LEN, LOG_OVERHEAD, MAGIC};
use crate::record::{RecordError, Records};

/// One whole batch of format v2. Its length is checked, its checksum and its records are not.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    header: BatchHeader,
    bytes: &'a [u8],
}

impl<'a> Batch<'a> {
    /// The first batch in `bytes`; what follows it is ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Batch<'a>, BatchError> {
        let Some(header) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(BatchError::Partial { needed: HEADER_LEN, present: bytes.len() });
        };
        let header = BatchHeader::decode(header);
        if header.magic != MAGIC {
            return Err(BatchError::Magic { magic: header.magic });
        }
        let len = header.total_len();
        if len < HEADER_LEN {
            return Err(BatchError::Length { batch_length: header.batch_length });
        }
        match bytes.get(..len) {
            Some(bytes) => Ok(Batch { header, bytes }),
            None => Err(BatchError::Partial { needed: len, present: bytes.len() }),
        }
    }

    /// The decoded header.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The whole batch, header included.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The records, compressed as the attributes say.
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[HEADER_LEN..]
    }

    /// Whether the bytes are those that the stored checksum was made of.
    pub fn crc_ok(&self) -> bool {
        self.computed_crc() == self.header.crc
    }

    /// Iterates the records, those of control batches too. A compressed body is decompressed into `scratch`, whose
    /// contents are lost; an uncompressed one is read where it lies.
    ///
    /// Check [`Batch::crc_ok`] first: a damaged batch may still hold well-formed records.
    pub fn records<'s>(&self, limits: &Limits, scratch: &'s mut Vec<u8>) -> Result<Records<'s>, RecordError>
    where
        'a: 's,
    {
        Records::open(&self.header, self.body(), limits, scratch)
    }

    pub(crate) fn computed_crc(&self) -> u32 {
        crc32c(&self.bytes[CRC_COVERS_FROM..])
    }
}

/// The bytes do not begin with a whole batch of format v2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The batch, or its header, ends after the bytes that are present.
    #[error("the batch needs {needed} bytes and {present} are present")]
    Partial {
        /// Bytes of the batch, or of a header when that is not whole.
        needed: usize,
        /// Bytes there are.
        present: usize,
    },
    /// The batch has another format.
    #[error("batch format {magic} is not 2")]
    Magic {
        /// The format that the batch claims.
        magic: i8,
    },
    /// The batch length does not cover the header.
    #[error("batch length {batch_length} is below that of a header ({})", HEADER_LEN - LOG_OVERHEAD)]
    Length {
        /// The length field.
        batch_length: i32,
    },
}

/// The consecutive batches of `bytes`, as they lie in a segment or a Fetch response.
pub fn batches(bytes: &[u8]) -> Batches<'_> {
    Batches { rest: bytes }
}

/// Iterates whole batches and ends before a partial one, as the last of a Fetch response may be. Anything else that is
/// not a batch is yielded as an error, once.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    rest: &'a [u8],
}

impl<'a> Batches<'a> {
    /// The bytes that were not yielded yet: at the end, those of the partial batch.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<Batch<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        match Batch::parse(self.rest) {
            Ok(batch) => {
                self.rest = &self.rest[batch.bytes.len()..];
                Some(Ok(batch))
            }
            Err(BatchError::Partial { .. }) => None,
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests;
