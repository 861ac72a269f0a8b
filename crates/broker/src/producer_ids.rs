//! Producer ids for idempotent producers, handed out from a block that the cluster's metadata gave this node (KIP-730).

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use record::ProducerId;
use wire::ErrorCode;

use crate::control::Control;

/// The rest of the node's block. Ids of a block that a stop leaves unused are never used: they only have to be unique.
#[derive(Default)]
pub struct ProducerIds(Mutex<Range<i64>>);

impl ProducerIds {
    /// The next id, unless the block is used up.
    pub fn take(&self) -> Option<ProducerId> {
        self.block().next().map(ProducerId)
    }

    /// The next id, from a new block if need be.
    pub async fn take_from_next_block(&self, control: &Control) -> Result<ProducerId, ErrorCode> {
        loop {
            // Another request may have brought a block meanwhile.
            if let Some(id) = self.take() {
                return Ok(id);
            }
            let block = control.allocate_producer_ids().await?;
            *self.block() = block;
        }
    }

    fn block(&self) -> MutexGuard<'_, Range<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
