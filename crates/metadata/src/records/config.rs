//! Configurations that operators changed at run time.

use std::sync::Arc;

use record::BrokerId;

use super::Body;
use crate::codec::{DecodeError, Reader, Writer};

/// What a configuration belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigResource {
    /// A topic, by name.
    Topic(Arc<str>),
    /// One broker.
    Broker(BrokerId),
    /// All brokers that have no value of their own.
    DefaultBroker,
    /// A subscription to the metrics of clients, by name (KIP-714).
    ClientMetrics(Arc<str>),
    /// A group of consumers, by name.
    Group(Arc<str>),
}

impl ConfigResource {
    fn encode(&self, w: &mut Writer) {
        match self {
            ConfigResource::Topic(name) => {
                w.u8(0);
                w.str(name);
            }
            ConfigResource::Broker(id) => {
                w.u8(1);
                w.broker(*id);
            }
            ConfigResource::DefaultBroker => w.u8(2),
            ConfigResource::ClientMetrics(name) => {
                w.u8(3);
                w.str(name);
            }
            ConfigResource::Group(name) => {
                w.u8(4);
                w.str(name);
            }
        }
    }

    fn decode(r: &mut Reader<'_>) -> Result<ConfigResource, DecodeError> {
        match r.u8()? {
            0 => r.shared_str().map(ConfigResource::Topic),
            1 => r.broker().map(ConfigResource::Broker),
            2 => Ok(ConfigResource::DefaultBroker),
            3 => r.shared_str().map(ConfigResource::ClientMetrics),
            4 => r.shared_str().map(ConfigResource::Group),
            other => Err(DecodeError::InvalidFlag(other)),
        }
    }
}

/// Sets or removes one key of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigRecord {
    /// What it belongs to.
    pub resource: ConfigResource,
    /// Kafka's key, verbatim.
    pub key: Arc<str>,
    /// The value as the operator gave it; `None` returns to the default.
    pub value: Option<Arc<str>>,
}

impl Body for ConfigRecord {
    fn encode(&self, w: &mut Writer) {
        self.resource.encode(w);
        w.str(&self.key);
        w.option(self.value.as_deref(), Writer::str);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<ConfigRecord, DecodeError> {
        Ok(ConfigRecord {
            resource: ConfigResource::decode(r)?,
            key: r.shared_str()?,
            value: r.option(Reader::shared_str)?,
        })
    }
}

#[cfg(test)]
mod tests;
