//! What a message is: the traits that `#[derive(Message)]` implements.

use crate::{ApiKey, DecodeError, Reader, Versions, Writer};

/// A struct of the protocol, of any version the struct knows.
///
/// A request or response sets on its reader or writer whether the version is flexible (KIP-482), and the structs
/// nested in it follow.
pub trait Message<'a>: Sized {
    /// Reads the fields that `version` has; the others take Kafka's default. Bytes after the last field stay unread
    /// (see [`decode_body`](crate::decode_body)).
    ///
    /// # Errors
    /// The bytes are not such a message, or a request or response has no such version.
    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError>;

    /// Writes the fields that `version` has and leaves out the others.
    ///
    /// # Panics
    /// If `version` is out of range, a field is null where the version has no null, or a string is longer than
    /// 32,767 bytes.
    fn encode(&self, w: &mut Writer<'_>, version: i16);
}

/// A request or a response as a whole.
pub trait Api {
    /// The API it belongs to.
    const API_KEY: ApiKey;
    /// The versions this struct can decode and encode.
    const VERSIONS: Versions;
    /// The first version with compact lengths and tagged fields (KIP-482); `i16::MAX` if none has them.
    const FLEXIBLE: i16;
}

/// Marks what a client sends.
pub trait Request: Api {}

/// Marks what a broker answers.
pub trait Response: Api {}
