//! Producing: records are collected into batches, a few per partition, and sent by a task in the background.
//!
//! With `acks=all` the producer is idempotent (KIP-98): a batch that is sent again, because its answer was lost, is stored
//! once and in its place. `queues` and what it holds decide, without I/O; `sender` and `exchange` act.

mod batch;
mod config;
mod delivery;
mod exchange;
mod lanes;
mod partition;
mod queues;
mod record;
mod sender;
mod spread;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ::record::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::Client;
use crate::client::lock;
use queues::{Placed, Queues};

pub use config::{Acks, ProducerConfig};
pub use delivery::{Delivered, Delivery, SendError};
pub use record::ProducerRecord;

/// Sends records. Cheap to clone; clones share batches. When the last is dropped, what was sent is still delivered, as
/// long as the runtime lives; [`Producer::flush`] and [`Producer::close`] wait for it.
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

/// Somebody waits for room: batches go without waiting for more records, since those cannot come.
struct ShortOfRoom<'a>(&'a Shared);

impl ShortOfRoom<'_> {
    fn begin(shared: &Shared) -> ShortOfRoom<'_> {
        shared.queues().short_of_room += 1;
        shared.work.notify_one();
        ShortOfRoom(shared)
    }
}

impl Drop for ShortOfRoom<'_> {
    fn drop(&mut self) {
        self.0.queues().short_of_room -= 1;
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
    /// Safe to cancel: a future that is dropped before it is ready has taken nothing, and the record will not be sent. One
    /// that was ready has taken the record, which is then delivered once, whether the [`Delivery`] is awaited or dropped.
    ///
    /// # Errors
    /// There is no such topic or partition, the record is too large, the producer is closed, or for
    /// [`ProducerConfig::max_block`] there was no room. The record was not taken then.
    pub async fn send(&self, record: ProducerRecord<'_>) -> Result<Delivery, SendError> {
        let Shared { client, config, room, work, .. } = &*self.shared;
        let len = record.len();
        if len > config.buffer_bytes {
            return Err(SendError::TooLarge { len, buffer_bytes: config.buffer_bytes });
        }
        if len > config.max_request_bytes {
            return Err(SendError::TooLargeForRequest { len, max_request_bytes: config.max_request_bytes });
        }
        let blocked = |reason| move |_| SendError::Blocked { reason, after: config.max_block };
        let deadline = Instant::now() + config.max_block;
        if !self.shared.queues().knows(record.topic) {
            let asked = timeout_at(deadline, client.topic(record.topic, true)).await;
            let topic = asked.map_err(blocked("the topic is not known"))??;
            self.shared.queues().learn(&topic);
        }
        let permits = u32::try_from(len).expect("the buffer has at most u32::MAX bytes");
        let permit = match room.try_acquire_many(permits) {
            Ok(permit) => permit,
            Err(_) => {
                let _short = ShortOfRoom::begin(&self.shared);
                let waited = timeout_at(deadline, room.acquire_many(permits)).await;
                waited.map_err(blocked("the buffer is full"))?.map_err(|_| SendError::Closed)?
            }
        };
        let timestamp = record.timestamp.unwrap_or_else(|| Timestamp(client.clock().now_ms()));
        let random = || client.rng().next_u64();
        let placed = Placed { record: &record, timestamp, len, now: Instant::now() };
        let pushed = self.shared.queues().push(&placed, random)?;
        // From here on the batch holds the room.
        permit.forget();
        if pushed.wake {
            work.notify_one();
        }
        Ok(pushed.delivery)
    }

    /// Sends all batches without waiting for more records, and returns when every record so far is delivered. Safe to
    /// cancel: the records are still delivered.
    ///
    /// # Errors
    /// Some batch was not delivered; the first failure is told.
    pub async fn flush(&self) -> Result<(), SendError> {
        let unfinished = self.shared.queues().seal_all();
        self.shared.work.notify_one();
        let mut first_failure = Ok(());
        for mut batch in unfinished {
            let outcome = delivery::wait_for(&mut batch).await.map(|_| ());
            first_failure = first_failure.and(outcome);
        }
        first_failure
    }

    /// Takes no more records, from no clone, and returns when all so far are delivered. Those that are not after `timeout`
    /// fail with [`SendError::Closed`], though what is on its way may still be stored.
    ///
    /// # Errors
    /// Some batch was not delivered; the first failure is told.
    pub async fn close(&self, timeout: Duration) -> Result<(), SendError> {
        self.shared.queues().close();
        match timeout_at(Instant::now() + timeout, self.flush()).await {
            Ok(flushed) => flushed,
            Err(_) => {
                let reserved = self.shared.queues().abandon(Instant::now());
                self.shared.room.add_permits(reserved);
                self.shared.work.notify_one();
                Err(SendError::Closed)
            }
        }
    }
}
