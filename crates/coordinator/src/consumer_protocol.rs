//! What clients with the classic protocol say of themselves and are told, in groups of type `consumer`.

pub use crate::consumer::protocol::{Assignment, PROTOCOL_TYPE, ProtocolError, Subscription, TopicPartitions};
