//! The integers of Kafka's protocol that must not be mistaken for each other.

use std::fmt;
use std::ops::{Add, Sub};

/// Declares one integer newtype with the traits that every id has.
macro_rules! id {
    ($(#[$docs:meta])* $name:ident($int:ty), default = $default:expr) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub $int);

        impl Default for $name {
            fn default() -> Self {
                $name($default)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// The position of a record in its partition, counted in records from 0.
    Offset(i64), default = 0
}

id! {
    /// How many times a partition has changed its leader; the default is [`LeaderEpoch::NONE`].
    LeaderEpoch(i32), default = -1
}

id! {
    /// The `node.id` of a broker; the default is [`BrokerId::NONE`].
    BrokerId(i32), default = -1
}

id! {
    /// The id that InitProducerId gave to a producer (KIP-98); the default is [`ProducerId::NONE`].
    ProducerId(i64), default = -1
}

id! {
    /// The incarnation of a producer id, by which older ones are fenced; the default is [`ProducerEpoch::NONE`].
    ProducerEpoch(i16), default = -1
}

id! {
    /// Milliseconds since the Unix epoch; the default is [`Timestamp::NONE`].
    Timestamp(i64), default = -1
}

id! {
    /// The number of a partition within its topic, from 0.
    PartitionIndex(i32), default = 0
}

impl LeaderEpoch {
    /// No epoch, or one that is not known.
    pub const NONE: LeaderEpoch = LeaderEpoch(-1);
}

impl BrokerId {
    /// No broker: what Kafka answers for a partition without a leader.
    pub const NONE: BrokerId = BrokerId(-1);
}

impl ProducerId {
    /// The producer is not idempotent.
    pub const NONE: ProducerId = ProducerId(-1);
}

impl ProducerEpoch {
    /// The producer is not idempotent.
    pub const NONE: ProducerEpoch = ProducerEpoch(-1);
}

impl Timestamp {
    /// The record has no timestamp.
    pub const NONE: Timestamp = Timestamp(-1);
}

impl Offset {
    /// `self + count`, or `None` above [`i64::MAX`]; for offsets that come from a peer or a disk.
    pub fn checked_add(self, count: i64) -> Option<Offset> {
        self.0.checked_add(count).map(Offset)
    }
}

impl Add<i64> for Offset {
    type Output = Offset;

    fn add(self, count: i64) -> Offset {
        Offset(self.0 + count)
    }
}

impl Sub for Offset {
    type Output = i64;

    fn sub(self, other: Offset) -> i64 {
        self.0 - other.0
    }
}
