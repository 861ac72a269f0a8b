//! The records of the metadata log. One file per aspect; each record is a plain struct with an encoding of its own.
//!
//! ```text
//! record = kind (1 byte) | version (1 byte) | length (integer) | that many bytes, by kind and version
//! ```
//!
//! A kind or version that this program does not know stops it with "upgrade first": skipping a decision of the cluster would
//! let two nodes disagree about it.

mod broker;
mod cluster;
mod config;
mod feature;
mod partition;
mod producer_ids;
mod topic;

pub use broker::{Endpoint, FenceBrokerRecord, RegisterBrokerRecord, SecurityProtocol, UnfenceBrokerRecord};
pub use cluster::{ClusterRecord, NoOpRecord};
pub use config::{ConfigRecord, ConfigResource};
pub use feature::FeatureRecord;
pub use partition::{PartitionChangeRecord, PartitionRecord};
pub use producer_ids::ProducerIdsRecord;
pub use topic::{RemoveTopicRecord, TopicRecord};

use crate::codec::{DecodeError, Reader, Writer};

/// Implements the enum, its encoding and its decoding from one table of kinds. A number is never reused.
macro_rules! records {
    ($($(#[$doc:meta])* $kind:literal => $name:ident($body:ident),)*) => {
        /// One outcome of a decision. What a record does to the image is written at [`crate::Image::apply`].
        #[derive(Debug, Clone, PartialEq)]
        pub enum Record {
            $($(#[$doc])* $name($body),)*
        }

        $(impl From<$body> for Record {
            fn from(body: $body) -> Record {
                Record::$name(body)
            }
        })*

        impl Record {
            /// Appends the record, framed.
            pub fn encode(&self, w: &mut Writer) {
                match self {
                    $(Record::$name(body) => frame(w, $kind, body),)*
                }
            }

            fn decode_body(kind: u8, version: u8, body: Reader<'_>) -> Result<Record, DecodeError> {
                match kind {
                    $($kind => unframe(version, body).map(Record::$name),)*
                    _ => Err(None),
                }
                .map_err(|known: Option<DecodeError>| known.unwrap_or(DecodeError::UnknownRecord { kind, version }))
            }
        }
    };
}

records! {
    /// The cluster's id.
    1 => Cluster(ClusterRecord),
    /// A broker's registration, which fences it until it is unfenced.
    2 => RegisterBroker(RegisterBrokerRecord),
    /// A broker may lead nothing from now on.
    3 => FenceBroker(FenceBrokerRecord),
    /// A broker may lead partitions from now on.
    4 => UnfenceBroker(UnfenceBrokerRecord),
    /// A new topic, still without partitions.
    5 => Topic(TopicRecord),
    /// The end of a topic, its partitions and its configs.
    6 => RemoveTopic(RemoveTopicRecord),
    /// A new partition, or everything about one.
    7 => Partition(PartitionRecord),
    /// A change of a partition's leader or replicas.
    8 => PartitionChange(PartitionChangeRecord),
    /// A configuration set or removed.
    9 => Config(ConfigRecord),
    /// A block of producer ids handed out.
    10 => ProducerIds(ProducerIdsRecord),
    /// A feature's level.
    11 => Feature(FeatureRecord),
    /// Nothing.
    12 => NoOp(NoOpRecord),
}

impl Record {
    /// Reads one framed record.
    pub fn decode(r: &mut Reader<'_>) -> Result<Record, DecodeError> {
        let kind = r.u8()?;
        let version = r.u8()?;
        let body = Reader::new(r.bytes()?);
        Record::decode_body(kind, version, body)
    }
}

/// The inside of a record's frame.
trait Body: Sized {
    /// The version that is written, and the newest that is read.
    const VERSION: u8 = 0;

    /// Appends the fields as [`Body::VERSION`] has them.
    fn encode(&self, w: &mut Writer);

    /// Reads the fields as `version`, at most [`Body::VERSION`], has them.
    fn decode(r: &mut Reader<'_>, version: u8) -> Result<Self, DecodeError>;
}

fn frame<B: Body>(w: &mut Writer, kind: u8, body: &B) {
    let mut inside = Writer::new();
    body.encode(&mut inside);
    w.u8(kind);
    w.u8(B::VERSION);
    w.bytes(&inside.into_bytes());
}

/// `Err(None)`: the version is newer than this program.
fn unframe<B: Body>(version: u8, mut body: Reader<'_>) -> Result<B, Option<DecodeError>> {
    if version > B::VERSION {
        return Err(None);
    }
    let decoded = B::decode(&mut body, version)?;
    body.finish()?;
    Ok(decoded)
}

#[cfg(test)]
mod tests;
