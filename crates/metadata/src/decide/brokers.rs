//! Brokers come, may lead, and go.

use std::sync::Arc;

use record::{BrokerId, Uuid};

use super::{Decision, elections};
use crate::records::{Endpoint, FenceBrokerRecord, RegisterBrokerRecord, UnfenceBrokerRecord};
use crate::{Broker, Image, Record, Refusal};

/// A broker has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterBroker {
    /// The broker.
    pub id: BrokerId,
    /// Drawn anew by each process.
    pub incarnation: Uuid,
    /// Where it listens.
    pub endpoints: Vec<Endpoint>,
    /// Its rack.
    pub rack: Option<Arc<str>>,
    /// The caller knows that the process which registered before is gone: its session has expired, or this is the
    /// controller's own broker, whose data directory is locked by this very process.
    pub previous_is_gone: bool,
}

/// The epoch of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerEpoch(pub u64);

/// A broker has caught up and may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnfenceBroker {
    /// The broker.
    pub id: BrokerId,
    /// The epoch of its registration.
    pub epoch: u64,
}

/// A broker stops, or its session has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FenceBroker {
    /// The broker.
    pub id: BrokerId,
    /// The epoch of its registration.
    pub epoch: u64,
}

/// Registers a broker as fenced. A new incarnation gives up what the old one led.
///
/// The epoch is one more than the image's index. An index is the base of at most one batch that counts, so no two registrations
/// share an epoch.
pub(super) fn register(image: &Image, intent: &RegisterBroker) -> Result<Decision<BrokerEpoch>, Refusal> {
    if let Some(known) = image.broker(intent.id) {
        if known.incarnation == intent.incarnation {
            return Ok(Decision { records: Vec::new(), reply: BrokerEpoch(known.epoch) });
        }
        if !known.fenced && !intent.previous_is_gone {
            return Err(Refusal::DuplicateBrokerRegistration(intent.id));
        }
    }
    let epoch = image.applied().0 + 1;
    let mut records = vec![Record::RegisterBroker(RegisterBrokerRecord {
        id: intent.id,
        incarnation: intent.incarnation,
        epoch,
        endpoints: intent.endpoints.clone(),
        rack: intent.rack.clone(),
    })];
    records.extend(elections::after_fencing(image, intent.id));
    Ok(Decision { records, reply: BrokerEpoch(epoch) })
}

/// Lets a broker lead, beginning with the partitions that wait for it.
pub(super) fn unfence(image: &Image, intent: &UnfenceBroker) -> Result<Decision<()>, Refusal> {
    let broker = check_epoch(image, intent.id, intent.epoch)?;
    let mut records = Vec::new();
    if broker.fenced {
        records.push(UnfenceBrokerRecord { id: intent.id, epoch: intent.epoch }.into());
        records.extend(elections::after_unfencing(image, intent.id));
    }
    Ok(Decision { records, reply: () })
}

/// Takes away a broker's leaderships and its place in in-sync sets, as far as others can take over.
pub(super) fn fence(image: &Image, intent: &FenceBroker) -> Result<Decision<()>, Refusal> {
    let broker = check_epoch(image, intent.id, intent.epoch)?;
    let mut records = Vec::new();
    if !broker.fenced {
        records.push(FenceBrokerRecord { id: intent.id, epoch: intent.epoch }.into());
        records.extend(elections::after_fencing(image, intent.id));
    }
    Ok(Decision { records, reply: () })
}

/// The broker, if it is registered with this epoch.
pub(super) fn check_epoch(image: &Image, id: BrokerId, given: u64) -> Result<&Broker, Refusal> {
    match image.broker(id) {
        None => Err(Refusal::BrokerIdNotRegistered(id)),
        Some(broker) if broker.epoch != given => Err(Refusal::StaleBrokerEpoch { id, given, current: broker.epoch }),
        Some(broker) => Ok(broker),
    }
}

#[cfg(test)]
mod tests;
