//! What the cluster has decided, and how it decides: brokers, topics, partitions, configurations and producer-id blocks.
//!
//! Three ideas, each pure and synchronous:
//!
//! * a [`Record`] states one outcome ("partition 3 of this topic is led by broker 2 in epoch 7"), with its own compact encoding;
//! * an [`Image`] is what all records so far add up to: an immutable snapshot that readers hold behind an `Arc`;
//! * [`decide()`] turns an [`Intent`] and an image into records and a reply. It runs only on the controller, while applying runs
//!   everywhere, so records carry outcomes and never logic: nodes of different versions apply them alike.
//!
//! Nothing here does I/O, looks at a clock or draws a random number: what a decision needs is part of its intent.

mod batch;
pub mod codec;
pub mod decide;
pub mod image;
mod name;
pub mod records;
mod refusal;

pub use batch::{Batch, Index};
pub use decide::{Decision, Intent, Reply, decide};
pub use image::{ApplyError, Broker, Configs, Image, NamedConfigs, Partition, Topic, Topics};
pub use name::{MAX_TOPIC_NAME_LEN, NameError, check_topic_name};
pub use records::{ConfigResource, Endpoint, Record, SecurityProtocol};
pub use refusal::Refusal;

#[cfg(test)]
mod testing;
