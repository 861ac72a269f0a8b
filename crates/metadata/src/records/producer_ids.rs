//! Producer ids, handed out to brokers in blocks.

use record::{BrokerId, ProducerId};

use super::Body;
use crate::codec::{DecodeError, Reader, Writer};

/// A block of producer ids went to a broker; it ends where the next block starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerIdsRecord {
    /// The broker that may hand the block's ids to producers.
    pub broker: BrokerId,
    /// The first id that belongs to nobody yet.
    pub next_block_start: ProducerId,
}

impl Body for ProducerIdsRecord {
    fn encode(&self, w: &mut Writer) {
        w.broker(self.broker);
        w.i64(self.next_block_start.0);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<ProducerIdsRecord, DecodeError> {
        Ok(ProducerIdsRecord { broker: r.broker()?, next_block_start: ProducerId(r.i64()?) })
    }
}

#[cfg(test)]
mod tests;
