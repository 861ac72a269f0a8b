//! Brokers as the cluster knows them.

use std::sync::Arc;

use record::{BrokerId, Uuid};

use crate::records::{Endpoint, RegisterBrokerRecord};

/// A registered broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// The broker.
    pub id: BrokerId,
    /// The process that registered last.
    pub incarnation: Uuid,
    /// The registration's epoch.
    pub epoch: u64,
    /// Whether it may lead nothing now.
    pub fenced: bool,
    /// Where it listens.
    pub endpoints: Vec<Endpoint>,
    /// Its rack, if it has one.
    pub rack: Option<Arc<str>>,
}

impl Broker {
    /// The endpoint of the listener of this name.
    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| &*endpoint.listener == listener)
    }

    pub(super) fn registered(r: &RegisterBrokerRecord) -> Broker {
        Broker {
            id: r.id,
            incarnation: r.incarnation,
            epoch: r.epoch,
            fenced: true,
            endpoints: r.endpoints.clone(),
            rack: r.rack.clone(),
        }
    }
}
