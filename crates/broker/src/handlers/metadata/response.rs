//! What Metadata tells, from one view.

use net::Outbox;
use record::{BrokerId, Uuid};
use wire::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use wire::{Array, ErrorCode};

use super::{Asked, Failure};
use crate::api::{Call, Respond};
use crate::handlers::{describe_cluster, describe_topic_partitions};
use crate::view::View;

/// "No operations were asked for" (KIP-430).
const OPERATIONS_NOT_ASKED: i32 = i32::MIN;

/// A Metadata request, decoded; outlives its frame.
pub struct Question {
    respond: Respond,
    /// Clients are told the addresses of the listener that they came through.
    listener: String,
    node_id: BrokerId,
    pub(super) asked: Option<Vec<Asked>>,
    /// What the client may do, where it asks.
    cluster_operations: i32,
    topic_operations: i32,
}

impl Question {
    /// What the call asks.
    pub fn new(call: &Call<'_>, request: &MetadataRequest<'_>, asked: Option<Vec<Asked>>) -> Question {
        let told = |asks, allowed| if asks { allowed } else { OPERATIONS_NOT_ASKED };
        Question {
            respond: call.respond(),
            listener: call.listener().to_owned(),
            node_id: call.node.config.node_id,
            asked,
            cluster_operations: told(request.include_cluster_authorized_operations, describe_cluster::ALLOWED),
            topic_operations: told(request.include_topic_authorized_operations, describe_topic_partitions::ALLOWED),
        }
    }

    /// Answers from `view`; `failures` are topics that could not be created.
    pub fn answer(&self, view: &View, failures: &[Failure], outbox: &mut Outbox) {
        let cluster_id = view.image().cluster_id().to_string();
        let response = MetadataResponse {
            brokers: self.brokers(view),
            cluster_id: Some(&cluster_id),
            // Any broker takes the controller's requests.
            controller_id: self.node_id.0,
            topics: self.topics(view, failures),
            cluster_authorized_operations: self.cluster_operations,
            ..Default::default()
        };
        self.respond.answer(outbox, &response);
    }

    fn brokers<'v>(&self, view: &'v View) -> Array<'v, MetadataResponseBroker<'v>> {
        let alive = view.image().brokers().filter(|broker| !broker.fenced);
        let reachable = alive.filter_map(|broker| Some((broker, broker.endpoint(&self.listener)?)));
        let told = reachable.map(|(broker, endpoint)| MetadataResponseBroker {
            node_id: broker.id.0,
            host: &endpoint.host,
            port: i32::from(endpoint.port),
            rack: broker.rack.as_deref(),
        });
        told.collect()
    }

    fn topics<'v>(&'v self, view: &'v View, failures: &'v [Failure]) -> Array<'v, MetadataResponseTopic<'v>> {
        let allowed = |topic| MetadataResponseTopic { topic_authorized_operations: self.topic_operations, ..topic };
        match &self.asked {
            None => view.image().topics().iter().map(|topic| allowed(found(view, topic))).collect(),
            Some(asked) => asked.iter().map(|asked| allowed(self.topic(view, asked, failures))).collect(),
        }
    }

    fn topic<'v>(&self, view: &'v View, asked: &'v Asked, failures: &'v [Failure]) -> MetadataResponseTopic<'v> {
        match asked {
            Asked::Name(name) => match view.image().topic(name) {
                Some(topic) => found(view, topic),
                None => missing(Some(name), Uuid::ZERO, failure(name, failures)),
            },
            Asked::Id(id) => match view.image().topic_by_id(*id) {
                Some(topic) => found(view, topic),
                None => missing(None, *id, ErrorCode::UNKNOWN_TOPIC_ID),
            },
        }
    }
}

fn failure(name: &str, failures: &[Failure]) -> ErrorCode {
    if metadata::check_topic_name(name).is_err() {
        return ErrorCode::INVALID_TOPIC_EXCEPTION;
    }
    let failed = failures.iter().find(|(failed, _)| failed == name);
    failed.map_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, |(_, error)| error.code)
}

fn missing(name: Option<&str>, topic_id: Uuid, error_code: ErrorCode) -> MetadataResponseTopic<'_> {
    MetadataResponseTopic { error_code, name, topic_id, ..Default::default() }
}

fn found<'v>(view: &View, topic: &'v metadata::Topic) -> MetadataResponseTopic<'v> {
    let hosted = view.topic_by_id(topic.id);
    let is_open = |index| hosted.is_some_and(|hosted| hosted.partition(index).is_ok());
    MetadataResponseTopic {
        name: Some(&topic.name),
        topic_id: topic.id,
        is_internal: crate::handlers::is_internal(&topic.name),
        partitions: topic.partitions().map(|(index, partition)| describe(index.0, partition, is_open(index))).collect(),
        ..Default::default()
    }
}

/// A partition whose log is not open has no leader that could serve it.
fn describe(partition_index: i32, partition: &metadata::Partition, is_open: bool) -> MetadataResponsePartition<'_> {
    let leader = partition.leader.filter(|_| is_open);
    let error_code = if leader.is_some() { ErrorCode::NONE } else { ErrorCode::LEADER_NOT_AVAILABLE };
    MetadataResponsePartition {
        error_code,
        partition_index,
        leader_id: leader.unwrap_or(BrokerId::NONE).0,
        leader_epoch: partition.leader_epoch.0,
        replica_nodes: partition.replicas.iter().map(|id| id.0).collect(),
        isr_nodes: partition.isr.iter().map(|id| id.0).collect(),
        offline_replicas: partition.replicas.iter().map(|id| id.0).filter(|_| !is_open).collect(),
    }
}
