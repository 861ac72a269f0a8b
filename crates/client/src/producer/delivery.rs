//! What becomes of a record: where it was stored, or why it was not.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use record::{Offset, PartitionIndex, Timestamp};
use tokio::sync::watch;

use crate::RequestError;

/// A record was not delivered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SendError {
    /// The topic could not be looked up, or its leader refused the record, or did not answer for the delivery timeout.
    #[error(transparent)]
    Request(Arc<RequestError>),
    /// The topic has no such partition.
    #[error("topic `{topic}` has {count} partitions, there is no partition {partition}")]
    NoSuchPartition {
        /// The topic.
        topic: String,
        /// The partition of the record.
        partition: PartitionIndex,
        /// The partitions that there are, from 0.
        count: usize,
    },
    /// The record alone is larger than [`ProducerConfig::buffer_bytes`](crate::ProducerConfig::buffer_bytes).
    #[error("a record of {len} bytes is larger than the buffer of {buffer_bytes}")]
    TooLarge {
        /// The bytes of the record.
        len: usize,
        /// The bytes of the buffer.
        buffer_bytes: usize,
    },
    /// The record alone is larger than [`ProducerConfig::max_request_bytes`](crate::ProducerConfig::max_request_bytes).
    #[error("a record of {len} bytes is larger than the largest request, {max_request_bytes}")]
    TooLargeForRequest {
        /// The bytes of the record.
        len: usize,
        /// The bytes of the largest request.
        max_request_bytes: usize,
    },
    /// For [`ProducerConfig::max_block`](crate::ProducerConfig::max_block) the buffer was full, or the topic not known.
    /// The record was not taken.
    #[error("the record was not taken within {after:?}: {reason}")]
    Blocked {
        /// What was waited for.
        reason: &'static str,
        /// How long.
        after: Duration,
    },
    /// The delivery timeout was over before the batch could be sent at all.
    #[error("the batch could not be sent within {after:?}")]
    Expired {
        /// The delivery timeout.
        after: Duration,
    },
    /// The producer was closed before the record was delivered.
    #[error("the producer was closed before the record was delivered")]
    Closed,
    /// The runtime ended before the record was delivered.
    #[error("the runtime ended before the record was delivered")]
    Ended,
}

impl From<RequestError> for SendError {
    fn from(error: RequestError) -> SendError {
        SendError::Request(Arc::new(error))
    }
}

/// Where a record was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The partition.
    pub partition: PartitionIndex,
    /// The offset; `None` when the broker did not say ([`Acks::None`](crate::Acks::None), or a batch it had stored
    /// long before).
    pub offset: Option<Offset>,
    /// The record's time in milliseconds since 1970: the producer's, or that of the append where the topic says so; of a batch
    /// that the broker had stored already, that of the batch's last record.
    pub timestamp: Timestamp,
}

/// Where a batch was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) partition: PartitionIndex,
    pub(super) base_offset: Option<Offset>,
    /// [`Timestamp::NONE`] when the records keep theirs.
    pub(super) append_time: Timestamp,
}

/// What became of a batch; `None` until it is known.
pub(super) type Outcome = Option<Result<Stored, SendError>>;

/// A record on its way: await it to learn where it was stored.
///
/// Dropping it changes nothing: the record is in its batch, and is delivered once, or not at all when its batch fails.
#[derive(Debug)]
pub struct Delivery {
    batch: watch::Receiver<Outcome>,
    index: i64,
    timestamp: Timestamp,
}

impl Delivery {
    pub(super) fn new(batch: watch::Receiver<Outcome>, index: i64, timestamp: Timestamp) -> Delivery {
        Delivery { batch, index, timestamp }
    }

    async fn wait(mut self) -> Result<Delivered, SendError> {
        let stored = wait_for(&mut self.batch).await?;
        Ok(Delivered {
            partition: stored.partition,
            offset: stored.base_offset.map(|offset| offset + self.index),
            timestamp: if stored.append_time == Timestamp::NONE { self.timestamp } else { stored.append_time },
        })
    }
}

/// Waits for what becomes of a batch.
pub(super) async fn wait_for(batch: &mut watch::Receiver<Outcome>) -> Result<Stored, SendError> {
    let outcome = batch.wait_for(Option::is_some).await.map_err(|_| SendError::Ended)?;
    outcome.clone().unwrap_or(Err(SendError::Ended))
}

impl IntoFuture for Delivery {
    type Output = Result<Delivered, SendError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}
