//! Coordinates groups of consumers: who is a member, who reads which partition, and how far each group has come.
//!
//! Everything here is synchronous and deterministic: time, chance and the cluster's metadata are arguments, nothing does I/O.
//!
//! * A [`Shard`] is what one partition of `__consumer_offsets` adds up to. Each request is a method of it.
//! * A [`Step`] is the circumstance of one call, and takes its effects: [`Record`]s to append, and [`Answer`]s to requests
//!   that waited. The caller appends the records of a step as one batch and lets no answer out before they are committed.
//! * What must survive is in the records: [`Shard::replay`] of all of them gives it again. Offsets and consumer groups are changed by
//!   it alone, at the start as while they run; a classic group is written as a whole when a generation is complete, as Kafka does it.
//!   What may be lost with the process (who waits, when a session ends) stands beside it.
//! * When an append fails, the state is ahead of the log: the caller drops the shard and replays the log into a new one.

#![forbid(unsafe_code)]

mod answer;
mod assignor;
mod classic;
mod client;
mod consumer;
pub mod consumer_protocol;
mod history;
mod message;
mod offsets;
pub mod records;
mod settings;
mod shard;
mod step;
mod timers;

pub use answer::{Answer, JoinAnswer, JoinedMember, SyncAnswer, Ticket};
pub use classic::{DescribedGroup, DescribedMember, LeaveAnswer, LeftMember};
pub use client::Client;
pub use consumer::{ConsumerHeartbeatAnswer, DescribedConsumerGroup, DescribedConsumerMember};
pub use history::{Departure, Entry, Event, History, RebalanceCause};
pub use offsets::{CommittedPartition, ListedGroup};
pub use records::Record;
pub use settings::{ConsumerSettings, MigrationPolicy, Settings};
pub use shard::{Shard, shard_of};
pub use step::{Now, Step};
