//! AllocateProducerIds: blocks, so that a broker asks once for a thousand producers.

use record::{BrokerId, ProducerId};

use super::{Decision, brokers};
use crate::records::ProducerIdsRecord;
use crate::{Image, Refusal};

/// How many ids a block has.
pub const PRODUCER_ID_BLOCK_LEN: i32 = 1_000;

/// A broker needs producer ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocateProducerIds {
    /// The broker.
    pub broker: BrokerId,
    /// The epoch of its registration.
    pub broker_epoch: u64,
}

/// Producer ids that belong to one broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerIdBlock {
    /// The first id.
    pub first: ProducerId,
    /// How many there are from there on.
    pub len: i32,
}

pub(super) fn decide(image: &Image, intent: &AllocateProducerIds) -> Result<Decision<ProducerIdBlock>, Refusal> {
    brokers::check_epoch(image, intent.broker, intent.broker_epoch)?;
    let block = ProducerIdBlock { first: image.next_producer_id(), len: PRODUCER_ID_BLOCK_LEN };
    let next = block.first.0.checked_add(i64::from(block.len)).ok_or(Refusal::ProducerIdsExhausted)?;
    let record = ProducerIdsRecord { broker: intent.broker, next_block_start: ProducerId(next) };
    Ok(Decision { records: vec![record.into()], reply: block })
}

#[cfg(test)]
mod tests;
