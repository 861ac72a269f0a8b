//! The settings of a producer.

use std::time::Duration;

use record::Compression;

use crate::Partitioner;

/// Which replicas must have a record before it counts as delivered (`acks`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// All in-sync replicas; the producer is idempotent, unless that is turned off.
    #[default]
    All,
    /// The leader.
    Leader,
    /// None: delivered means sent, and offsets are not known.
    None,
}

impl Acks {
    pub(super) fn on_the_wire(self) -> i16 {
        match self {
            Acks::All => -1,
            Acks::Leader => 1,
            Acks::None => 0,
        }
    }
}

/// Settings of a [`Producer`](crate::Producer). In brackets: Kafka's name where it is another one.
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    /// Which replicas must have a record.
    pub acks: Acks,
    /// Whether batches are numbered (KIP-98, `enable.idempotence`), so that one that is sent again is stored once, and in
    /// its order. Only with [`Acks::All`].
    pub idempotence: bool,
    /// How batches are compressed (`compression.type`).
    pub compression: Compression,
    /// Which partition takes a record that names none.
    pub partitioner: Partitioner,
    /// A batch is closed when it has so many bytes, before compression (`batch.size`).
    pub batch_bytes: usize,
    /// A batch that is not full waits so long for more records.
    pub linger: Duration,
    /// Records that are not delivered take at most so many bytes (`buffer.memory`); then `send` waits.
    pub buffer_bytes: usize,
    /// How long `send` waits for room in the buffer and for a topic that is not known yet (`max.block.ms`).
    pub max_block: Duration,
    /// One request has at most so many bytes (`max.request.size`). A larger record is refused.
    pub max_request_bytes: usize,
    /// Batches of a partition that may be on their way at a time (`max.in.flight.requests.per.connection`): at least 1,
    /// with idempotence at most 5. Without idempotence more than 1 may change the order when one is sent again.
    pub max_in_flight: usize,
    /// How long a record may take from `send` on, linger and all tries included (`delivery.timeout.ms`).
    pub delivery_timeout: Duration,
}

impl Default for ProducerConfig {
    /// `acks=all`, idempotent, not compressed, adaptive, 128 KiB, 5 ms, 32 MiB, 1 minute, 8 MiB, 5, 2 minutes.
    fn default() -> ProducerConfig {
        ProducerConfig {
            acks: Acks::All,
            idempotence: true,
            compression: Compression::None,
            partitioner: Partitioner::default(),
            batch_bytes: 128 << 10,
            linger: Duration::from_millis(5),
            buffer_bytes: 32 << 20,
            max_block: Duration::from_secs(60),
            max_request_bytes: 8 << 20,
            max_in_flight: 5,
            delivery_timeout: Duration::from_secs(120),
        }
    }
}
