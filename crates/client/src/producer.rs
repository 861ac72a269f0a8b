//! Producing: records are collected into batches, one per partition, and sent by a task in the background.
//!
//! A partition has one batch in flight at a time, so retries keep the order. With `acks=all` the producer is idempotent
//! (KIP-98): a batch that is sent again, because its answer was lost, is stored once.

mod queues;
mod sender;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use record::{Compression, Header, Offset, PartitionIndex, Timestamp};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

use crate::client::lock;
use crate::{Client, RequestError};
use queues::{Placed, Queues};

/// Which replicas must have a record before it counts as delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// All in-sync replicas; the producer is idempotent.
    #[default]
    All,
    /// The leader.
    Leader,
    /// None: delivered means sent, and offsets are not known.
    None,
}

impl Acks {
    fn on_the_wire(self) -> i16 {
        match self {
            Acks::All => -1,
            Acks::Leader => 1,
            Acks::None => 0,
        }
    }
}

/// Settings of a [`Producer`].
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    /// Which replicas must have a record.
    pub acks: Acks,
    /// How batches are compressed.
    pub compression: Compression,
    /// A batch is closed when it has so many bytes, before compression.
    pub batch_bytes: usize,
    /// A batch that is not full waits so long for more records. Those that wait behind one in flight wait anyway.
    pub linger: Duration,
    /// Records that are not delivered take at most so many bytes; then [`Producer::send`] waits.
    pub buffer_bytes: usize,
    /// One request has at most so many bytes, or one batch.
    pub max_request_bytes: usize,
    /// How long a batch is tried before it fails.
    pub delivery_timeout: Duration,
}

impl Default for ProducerConfig {
    /// `acks=all`, not compressed, 128 KiB, 5 ms, 32 MiB, 8 MiB, 2 minutes.
    fn default() -> ProducerConfig {
        ProducerConfig {
            acks: Acks::All,
            compression: Compression::None,
            batch_bytes: 128 << 10,
            linger: Duration::from_millis(5),
            buffer_bytes: 32 << 20,
            max_request_bytes: 8 << 20,
            delivery_timeout: Duration::from_secs(120),
        }
    }
}

/// A record to produce; what it borrows is copied into its batch.
#[derive(Clone, Copy, Debug)]
pub struct ProducerRecord<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition; `None` for that of the key ([`partition_of`](crate::partition_of)), or without a key for
    /// whichever is being filled.
    pub partition: Option<PartitionIndex>,
    /// The key, which may be null.
    pub key: Option<&'a [u8]>,
    /// The value; null is a tombstone on a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a [Header<'a>],
    /// The time of the record; `None` for now.
    pub timestamp: Option<Timestamp>,
}

impl<'a> ProducerRecord<'a> {
    /// A record for `topic` with nothing in it.
    pub fn to(topic: &'a str) -> ProducerRecord<'a> {
        ProducerRecord { topic, partition: None, key: None, value: None, headers: &[], timestamp: None }
    }

    /// With this key.
    pub fn key(self, key: &'a [u8]) -> ProducerRecord<'a> {
        ProducerRecord { key: Some(key), ..self }
    }

    /// With this value.
    pub fn value(self, value: &'a [u8]) -> ProducerRecord<'a> {
        ProducerRecord { value: Some(value), ..self }
    }

    /// An upper bound of what it takes in a batch.
    fn len(&self) -> usize {
        const FRAMING: usize = 32;
        let of = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let headers: usize = self.headers.iter().map(|header| header.key.len() + of(header.value) + 10).sum();
        of(self.key) + of(self.value) + headers + FRAMING
    }
}

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
    /// The record alone is larger than [`ProducerConfig::buffer_bytes`].
    #[error("a record of {len} bytes is larger than the buffer of {buffer_bytes}")]
    TooLarge {
        /// The bytes of the record.
        len: usize,
        /// The bytes of the buffer.
        buffer_bytes: usize,
    },
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
    /// The offset; `None` when the broker did not say ([`Acks::None`], or a batch it had stored before).
    pub offset: Option<Offset>,
}

/// What became of a batch; `None` until it is known.
type Outcome = Option<Result<Delivered, SendError>>;

/// A record on its way: await it to learn where it was stored. Dropping it changes nothing.
#[derive(Debug)]
pub struct Delivery {
    batch: watch::Receiver<Outcome>,
    index: i64,
}

impl Delivery {
    async fn wait(mut self) -> Result<Delivered, SendError> {
        let outcome = self.batch.wait_for(Option::is_some).await.map_err(|_| SendError::Ended)?;
        let first = outcome.as_ref().ok_or(SendError::Ended)?.as_ref().map_err(SendError::clone)?;
        Ok(Delivered { offset: first.offset.map(|offset| offset + self.index), ..*first })
    }
}

impl IntoFuture for Delivery {
    type Output = Result<Delivered, SendError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}

/// Sends records. Cheap to clone; clones share batches. When the last is dropped, what was sent is still delivered, as
/// long as the runtime lives; [`Producer::flush`] waits for it.
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
    _open: Arc<Open>,
}

struct Shared {
    client: Client,
    config: ProducerConfig,
    queues: Mutex<Queues>,
    /// Bytes that are free.
    room: Semaphore,
    /// Wakes the task: there is a batch to send, or a time to wait for.
    work: Notify,
}

/// Closes the queues when the last producer is gone.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.queues().close();
        self.0.work.notify_one();
    }
}

impl Shared {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        lock(&self.queues)
    }
}

impl Producer {
    pub(crate) fn new(client: Client, config: ProducerConfig) -> Producer {
        let buffer_bytes = config.buffer_bytes.min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        let shared = Arc::new(Shared {
            queues: Mutex::new(Queues::new(&config)),
            room: Semaphore::new(buffer_bytes),
            config: ProducerConfig { buffer_bytes, ..config },
            work: Notify::new(),
            client,
        });
        tokio::spawn(sender::run(Arc::clone(&shared)));
        Producer { _open: Arc::new(Open(Arc::clone(&shared))), shared }
    }

    /// Puts a record into its partition's batch; waits while the buffer is full. The topic is looked up at its first
    /// record, and created if the broker is set up to. Await the [`Delivery`] to learn where the record was stored.
    ///
    /// # Errors
    /// There is no such topic or partition, or the record can never fit the buffer.
    pub async fn send(&self, record: ProducerRecord<'_>) -> Result<Delivery, SendError> {
        let Shared { client, config, room, work, .. } = &*self.shared;
        let len = record.len();
        if len > config.buffer_bytes {
            return Err(SendError::TooLarge { len, buffer_bytes: config.buffer_bytes });
        }
        if !self.shared.queues().knows(record.topic) {
            let topic = client.topic(record.topic, true).await?;
            self.shared.queues().add_topic(record.topic, topic.partitions.len());
        }
        let permits = u32::try_from(len).expect("the buffer has at most u32::MAX bytes");
        room.acquire_many(permits).await.expect("the semaphore is never closed").forget();
        let timestamp = record.timestamp.unwrap_or_else(|| Timestamp(client.clock().now_ms()));
        let random = || client.rng().next_u64();
        let placed = Placed { record: &record, timestamp, len, now: Instant::now() };
        let pushed = self.shared.queues().push(&placed, random);
        if pushed.as_ref().map_or(true, |pushed| pushed.wake) {
            work.notify_one();
        }
        pushed.map(|pushed| pushed.delivery).inspect_err(|_| room.add_permits(len))
    }

    /// Sends all batches without waiting for more records, and returns when every record so far is delivered.
    ///
    /// # Errors
    /// Some batch was not delivered; the first failure is told.
    pub async fn flush(&self) -> Result<(), SendError> {
        let unfinished = self.shared.queues().seal_all();
        self.shared.work.notify_one();
        let mut first_failure = Ok(());
        for batch in unfinished {
            let outcome = Delivery { batch, index: 0 }.await.map(|_| ());
            first_failure = first_failure.and(outcome);
        }
        first_failure
    }
}
