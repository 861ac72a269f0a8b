//! What clients with the classic protocol say of themselves and are told in groups of type `consumer`: Kafka's
//! ConsumerProtocolSubscription and ConsumerProtocolAssignment, versions 0 to 3.
//!
//! Each begins with its version. A later version is read as version 3, whose fields it begins with.

use wire::{Array, DecodeError, Message, Reader, Writer};

/// The protocol type of groups that speak this.
pub const PROTOCOL_TYPE: &str = "consumer";

/// The last version that is known.
const VERSION_MAX: i16 = 3;

/// What a member wants.
///
/// - 1: owned partitions (KIP-429).
/// - 2: generation (KIP-792).
/// - 3: rack id (KIP-881).
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Subscription<'a> {
    /// The topics subscribed to.
    pub topics: Array<'a, &'a str>,
    /// What the member's assignor adds.
    pub user_data: Option<&'a [u8]>,
    /// The partitions that the member has.
    #[kafka(versions = 1..)]
    pub owned_partitions: Array<'a, TopicPartitions<'a>>,
    /// The generation in which it got them; -1 if it does not say.
    #[kafka(versions = 2.., default = -1)]
    pub generation_id: i32,
    /// Where it is.
    #[kafka(versions = 3..)]
    pub rack_id: Option<&'a str>,
}

/// What a member gets.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Assignment<'a> {
    /// The partitions.
    pub partitions: Array<'a, TopicPartitions<'a>>,
    /// What the leader's assignor adds.
    pub user_data: Option<&'a [u8]>,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions<'a> {
    /// The topic's name.
    pub topic: &'a str,
    /// The partitions.
    pub partitions: Array<'a, i32>,
}

/// The bytes are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The version is below 0.
    #[error("Unsupported consumer protocol version: {0}")]
    Version(i16),
    /// There is less or something else than the version says.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
}

impl<'a> Subscription<'a> {
    /// Reads a subscription and its version, which is at most 3.
    ///
    /// # Errors
    /// The bytes are no subscription.
    pub fn decode_blob(bytes: &'a [u8]) -> Result<(Subscription<'a>, i16), ProtocolError> {
        decode(bytes)
    }

    /// Writes a subscription.
    pub fn encode_blob(&self, version: i16) -> Vec<u8> {
        encode(self, version)
    }
}

impl<'a> Assignment<'a> {
    /// Reads an assignment and its version, which is at most 3. No bytes are no partitions: that is what a member gets to
    /// which the leader gave nothing.
    ///
    /// # Errors
    /// The bytes are no assignment.
    pub fn decode_blob(bytes: &'a [u8]) -> Result<(Assignment<'a>, i16), ProtocolError> {
        match bytes {
            [] => Ok((Assignment::default(), 0)),
            _ => decode(bytes),
        }
    }

    /// Writes an assignment.
    pub fn encode_blob(&self, version: i16) -> Vec<u8> {
        encode(self, version)
    }
}

fn decode<'a, M: Message<'a>>(bytes: &'a [u8]) -> Result<(M, i16), ProtocolError> {
    let mut r = Reader::new(bytes);
    let version: i16 = r.field("version", 0)?;
    if version < 0 {
        return Err(ProtocolError::Version(version));
    }
    let version = version.min(VERSION_MAX);
    Ok((M::decode(&mut r, version)?, version))
}

fn encode<'a, M: Message<'a>>(message: &M, version: i16) -> Vec<u8> {
    let (mut bytes, mut cuts) = (version.to_be_bytes().to_vec(), Vec::new());
    message.encode(&mut Writer::new(&mut bytes, &mut cuts), version);
    bytes
}

#[cfg(test)]
mod tests;
