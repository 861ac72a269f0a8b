//! Topics: their beginning and end.

use std::sync::Arc;

use record::TopicId;

use super::Body;
use crate::codec::{DecodeError, Reader, Writer};

/// A topic begins. Its partitions and configs follow in the same batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRecord {
    /// The name.
    pub name: Arc<str>,
    /// The id. A topic that is deleted and created again has another one.
    pub id: TopicId,
}

impl Body for TopicRecord {
    fn encode(&self, w: &mut Writer) {
        w.str(&self.name);
        w.uuid(self.id);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<TopicRecord, DecodeError> {
        Ok(TopicRecord { name: r.shared_str()?, id: r.uuid()? })
    }
}

/// A topic ends, with its partitions and configs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveTopicRecord {
    /// The topic.
    pub id: TopicId,
}

impl Body for RemoveTopicRecord {
    fn encode(&self, w: &mut Writer) {
        w.uuid(self.id);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<RemoveTopicRecord, DecodeError> {
        Ok(RemoveTopicRecord { id: r.uuid()? })
    }
}

#[cfg(test)]
mod tests;
