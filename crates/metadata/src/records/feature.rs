//! Features that all nodes must know before they are used.

use std::sync::Arc;

use super::Body;
use crate::codec::{DecodeError, Reader, Writer};

/// A feature's level for the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureRecord {
    /// Kafka's name, such as `transaction.version`.
    pub name: Arc<str>,
    /// The level; 0 removes the feature.
    pub level: i16,
}

impl Body for FeatureRecord {
    fn encode(&self, w: &mut Writer) {
        w.str(&self.name);
        w.i32(i32::from(self.level));
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<FeatureRecord, DecodeError> {
        let name = r.shared_str()?;
        let level = i16::try_from(r.i32()?).map_err(|_| DecodeError::IntegerTooLarge)?;
        Ok(FeatureRecord { name, level })
    }
}

#[cfg(test)]
mod tests;
