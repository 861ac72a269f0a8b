//! The first step: what one request brings, checked.

use std::borrow::Cow;
use std::time::Duration;

use record::{Attributes, Compression, PartitionIndex, Timestamp};
use wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use wire::{DecodeError, ErrorCode, Reader, RequestHeader};

use super::answer::{Fate, Part, Refused, Request, Topic};
use super::append::{Appends, Place};
use crate::api::Respond;
use crate::errors::KafkaError;
use crate::handlers::is_internal;
use crate::view::{HostedTopic, View};

/// Decodes a request and puts its batches, where nothing is wrong with them, among the turn's `appends`.
pub fn request<'f>(
    view: &View,
    header: &RequestHeader<'f>,
    body: Reader<'f>,
    now: Timestamp,
    appends: &mut Appends<'f>,
) -> Result<Request<'f>, DecodeError> {
    let version = header.api_version;
    let request: ProduceRequest<'f> = wire::decode_request(body, version)?;
    // Only -1, 0 and 1 mean anything.
    let refusal = (!matches!(request.acks, -1..=1)).then(|| KafkaError::from(ErrorCode::INVALID_REQUIRED_ACKS));
    let topics = request.topic_data.iter().map(|data| {
        let hosted = match &refusal {
            Some(refusal) => Err(refusal.clone()),
            None => find_topic(view, &data, version).and_then(|topic| check_writable(topic, header.client_id)),
        };
        let partitions = data.partition_data.iter().map(|data| {
            let fate = place(&hosted, &data, &Brings::of(&request, version), now, appends);
            let fate = fate.map_or_else(Fate::Refused, Fate::Placed);
            Part { index: data.index, fate }
        });
        Topic { partitions: partitions.collect(), name: Cow::Borrowed(data.name), id: data.topic_id }
    });
    let topics = topics.collect();
    let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
    Ok(Request { respond: Respond::to(header), acks: request.acks, timeout, topics })
}

fn place<'f>(
    topic: &Result<&HostedTopic, KafkaError>,
    data: &PartitionProduceData<'f>,
    brings: &Brings,
    now: Timestamp,
    appends: &mut Appends<'f>,
) -> Result<Place, Refused> {
    let partition = topic.as_ref().map_err(KafkaError::clone)?.partition(PartitionIndex(data.index))?;
    if brings.acks == -1 {
        partition.check_in_sync().map_err(KafkaError::from)?;
    }
    let records = data.records.as_ref().and_then(wire::Records::bytes).unwrap_or_default();
    let rules = partition.rules(now);
    let batch = record::validate(records, &rules)
        .map_err(|invalid| Refused::batch(&invalid, records, &rules, &mut appends.faults).at(partition))?;
    brings.check_attributes(batch.header().attributes)?;
    appends.place(partition, batch, &rules)
}

/// What a batch may be depends on the request that brings it.
struct Brings {
    version: i16,
    acks: i16,
    has_transactional_id: bool,
}

impl Brings {
    fn of(request: &ProduceRequest<'_>, version: i16) -> Brings {
        Brings { version, acks: request.acks, has_transactional_id: request.transactional_id.is_some() }
    }

    fn check_attributes(&self, attributes: Attributes) -> Result<(), KafkaError> {
        if attributes.is_transactional() {
            // There is no transaction coordinator yet, so no transaction can be open.
            return Err(match self.has_transactional_id {
                true => KafkaError::new(ErrorCode::INVALID_TXN_STATE, "transactions are not served yet"),
                false => ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED.into(),
            });
        }
        // Consumers of that age cannot read zstd (KIP-110).
        if self.version < 7 && attributes.compression() == Ok(Compression::Zstd) {
            return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.into());
        }
        Ok(())
    }
}

/// Clients do not write what the broker keeps in topics; but Apache Kafka lets one pass whose id says that it knows better.
fn check_writable<'v>(topic: &'v HostedTopic, client_id: Option<&str>) -> Result<&'v HostedTopic, KafkaError> {
    match is_internal(&topic.name) && client_id != Some("__admin_client") {
        true => Err(KafkaError::new(ErrorCode::INVALID_TOPIC_EXCEPTION, "clients cannot append to an internal topic")),
        false => Ok(topic),
    }
}

fn find_topic<'v>(view: &'v View, data: &TopicProduceData<'_>, version: i16) -> Result<&'v HostedTopic, KafkaError> {
    match version {
        13.. => view.topic_by_id(data.topic_id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID.into()),
        _ => view.topic(data.name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_batch_may_be_depends_on_its_request() {
        let refused = |attributes, version, has_transactional_id| {
            let brings = Brings { version, acks: -1, has_transactional_id };
            brings.check_attributes(Attributes(attributes)).err().map(|error| error.code)
        };
        let code = |attributes, version| refused(attributes, version, false);
        assert_eq!(code(0x10, 9), Some(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED));
        assert_eq!(refused(0x10, 9, true), Some(ErrorCode::INVALID_TXN_STATE));
        assert_eq!(refused(0, 9, true), None);
        assert_eq!(code(4, 6), Some(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE));
        assert_eq!((code(4, 7), code(3, 3), code(0, 3)), (None, None, None));
    }
}
