//! The cluster itself.

use record::Uuid;

use super::Body;
use crate::codec::{DecodeError, Reader, Writer};

/// The cluster's id, given once when its first node starts on an empty directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRecord {
    /// The id. Clients see it in Kafka's base64 form.
    pub id: Uuid,
}

impl Body for ClusterRecord {
    fn encode(&self, w: &mut Writer) {
        w.uuid(self.id);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<ClusterRecord, DecodeError> {
        Ok(ClusterRecord { id: r.uuid()? })
    }
}

/// Changes nothing: the log moves on, which tells that the controller is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoOpRecord;

impl Body for NoOpRecord {
    fn encode(&self, _w: &mut Writer) {}

    fn decode(_r: &mut Reader<'_>, _version: u8) -> Result<NoOpRecord, DecodeError> {
        Ok(NoOpRecord)
    }
}
