//! A batch of records: what the metadata log holds at one index, applied whole or not at all.

use crate::Record;
use crate::codec::{DecodeError, Reader, Writer};

/// A position in the metadata log. 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Index(pub u64);

impl std::fmt::Display for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The records of one decision and the index of the batch that they were decided upon.
///
/// A batch counts only when `base` is still the last applied batch at the moment it is applied. A controller that was deposed
/// in between has decided upon an image that is no longer true, and this makes its batch a no-op on every node.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The last batch in the image that the decision saw.
    pub base: Index,
    /// What was decided, in the order to apply it.
    pub records: Vec<Record>,
}

impl Batch {
    /// The batch as the metadata log holds it.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u64(self.base.0);
        w.list(&self.records, |w, record| record.encode(w));
        w.into_bytes()
    }

    /// Reads a whole batch; fails when a record is of a newer version than this program.
    pub fn decode(bytes: &[u8]) -> Result<Batch, DecodeError> {
        let mut r = Reader::new(bytes);
        let base = Index(r.u64()?);
        let records = r.list(Record::decode)?;
        r.finish()?;
        Ok(Batch { base, records })
    }
}
