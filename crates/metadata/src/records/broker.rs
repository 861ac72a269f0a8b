//! Brokers: registration and fencing.

use std::sync::Arc;

use record::{BrokerId, Uuid};

use super::Body;
use crate::codec::{DecodeError, Reader, Writer};

/// A broker says who it is and where it listens. It starts fenced: it may lead partitions once it has caught up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterBrokerRecord {
    /// The broker.
    pub id: BrokerId,
    /// Drawn anew whenever the process starts.
    pub incarnation: Uuid,
    /// Grows with every registration; requests of the broker that carry an older one are refused.
    pub epoch: u64,
    /// Where clients and other brokers reach it.
    pub endpoints: Vec<Endpoint>,
    /// The rack, if the operator named one.
    pub rack: Option<Arc<str>>,
}

impl Body for RegisterBrokerRecord {
    fn encode(&self, w: &mut Writer) {
        w.broker(self.id);
        w.uuid(self.incarnation);
        w.u64(self.epoch);
        w.list(&self.endpoints, |w, endpoint| endpoint.encode(w));
        w.option(self.rack.as_deref(), Writer::str);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<RegisterBrokerRecord, DecodeError> {
        Ok(RegisterBrokerRecord {
            id: r.broker()?,
            incarnation: r.uuid()?,
            epoch: r.u64()?,
            endpoints: r.list(Endpoint::decode)?,
            rack: r.option(Reader::shared_str)?,
        })
    }
}

/// One listener of a broker, as its peers and clients reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The listener's name, such as `PLAINTEXT` or `INTERNAL`.
    pub listener: Arc<str>,
    /// A name or an address.
    pub host: Arc<str>,
    /// The TCP port.
    pub port: u16,
    /// What is spoken there.
    pub security_protocol: SecurityProtocol,
}

impl Endpoint {
    fn encode(&self, w: &mut Writer) {
        w.str(&self.listener);
        w.str(&self.host);
        w.u64(u64::from(self.port));
        w.u8(self.security_protocol.id());
    }

    fn decode(r: &mut Reader<'_>) -> Result<Endpoint, DecodeError> {
        Ok(Endpoint {
            listener: r.shared_str()?,
            host: r.shared_str()?,
            port: u16::try_from(r.u64()?).map_err(|_| DecodeError::IntegerTooLarge)?,
            security_protocol: SecurityProtocol::decode(r)?,
        })
    }
}

/// How a listener authenticates and encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// Neither.
    Plaintext,
    /// TLS.
    Ssl,
    /// SASL without encryption.
    SaslPlaintext,
    /// SASL inside TLS.
    SaslSsl,
}

impl SecurityProtocol {
    /// Kafka's number for it.
    pub fn id(self) -> u8 {
        match self {
            SecurityProtocol::Plaintext => 0,
            SecurityProtocol::Ssl => 1,
            SecurityProtocol::SaslPlaintext => 2,
            SecurityProtocol::SaslSsl => 3,
        }
    }

    fn decode(r: &mut Reader<'_>) -> Result<SecurityProtocol, DecodeError> {
        match r.u8()? {
            0 => Ok(SecurityProtocol::Plaintext),
            1 => Ok(SecurityProtocol::Ssl),
            2 => Ok(SecurityProtocol::SaslPlaintext),
            3 => Ok(SecurityProtocol::SaslSsl),
            other => Err(DecodeError::InvalidFlag(other)),
        }
    }
}

/// The broker may lead nothing: it is starting, stopping or has not been heard from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceBrokerRecord {
    /// The broker.
    pub id: BrokerId,
    /// Its registration's epoch.
    pub epoch: u64,
}

impl Body for FenceBrokerRecord {
    fn encode(&self, w: &mut Writer) {
        w.broker(self.id);
        w.u64(self.epoch);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<FenceBrokerRecord, DecodeError> {
        Ok(FenceBrokerRecord { id: r.broker()?, epoch: r.u64()? })
    }
}

/// The broker may lead partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfenceBrokerRecord {
    /// The broker.
    pub id: BrokerId,
    /// Its registration's epoch.
    pub epoch: u64,
}

impl Body for UnfenceBrokerRecord {
    fn encode(&self, w: &mut Writer) {
        w.broker(self.id);
        w.u64(self.epoch);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<UnfenceBrokerRecord, DecodeError> {
        Ok(UnfenceBrokerRecord { id: r.broker()?, epoch: r.u64()? })
    }
}

#[cfg(test)]
mod tests;
