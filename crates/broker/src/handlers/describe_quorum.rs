//! DescribeQuorum (key 55), versions 0-2: the voters of the metadata log (KIP-595). v1 when they had caught up (KIP-836), v2
//! directory ids and endpoints (KIP-853).
//!
//! Offsets are Kafka's: one beyond the last index of the metadata log.

use metadata::Image;
use net::Outbox;
use record::BrokerId;
use wire::messages::describe_quorum::{
    DescribeQuorumRequest, DescribeQuorumResponse, Listener, Node, PartitionData, ReplicaState, TopicData, asked,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow};

/// The only topic that has a quorum, with its only partition.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// Kafka's message of no error.
const NO_ERROR: Option<&str> = Some("");

/// Answers from the view.
pub fn handle(call: &Call<'_>, request: DescribeQuorumRequest<'_>, outbox: &mut Outbox) -> Flow {
    if !is_metadata(&request) {
        let topics = request.topics.iter().map(unknown).collect();
        call.answer(outbox, &DescribeQuorumResponse { topics, error_message: NO_ERROR, ..Default::default() });
        return Flow::Done;
    }
    let quorum = call.view.quorum();
    let offset = |index: metadata::Index| i64::try_from(index.0).unwrap_or(i64::MAX).saturating_add(1);
    let now = call.node.clock.now_ms();
    let voters = quorum.voters.iter().map(|(node, directory)| {
        // What another voter has is known to the leader alone; a sole voter is the leader.
        let is_leader = quorum.leader == Some(*node);
        ReplicaState {
            replica_id: node.broker().0,
            replica_directory_id: *directory,
            log_end_offset: if is_leader { offset(quorum.log_end) } else { -1 },
            last_fetch_timestamp: if is_leader { now } else { -1 },
            last_caught_up_timestamp: if is_leader { now } else { -1 },
        }
    });
    let partition = PartitionData {
        error_message: NO_ERROR,
        leader_id: quorum.leader.map_or(-1, |leader| leader.broker().0),
        leader_epoch: i32::try_from(quorum.term).unwrap_or(i32::MAX),
        high_watermark: offset(quorum.commit),
        current_voters: voters.collect(),
        ..Default::default()
    };
    let topic = TopicData { topic_name: METADATA_TOPIC, partitions: Array::Vec(vec![partition]) };
    let nodes = quorum.voters.iter().map(|(voter, _)| node(call.view.image(), voter.broker()));
    let response = DescribeQuorumResponse {
        error_message: NO_ERROR,
        topics: Array::Vec(vec![topic]),
        nodes: nodes.collect(),
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}

fn is_metadata(request: &DescribeQuorumRequest<'_>) -> bool {
    let mut topics = request.topics.iter();
    let is_it = |topic: asked::TopicData<'_>| {
        topic.topic_name == METADATA_TOPIC && topic.partitions.iter().map(|part| part.partition_index).eq([0])
    };
    topics.next().is_some_and(is_it) && topics.next().is_none()
}

fn unknown(topic: asked::TopicData<'_>) -> TopicData<'_> {
    let error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let partitions = topic.partitions.iter().map(|asked| PartitionData {
        partition_index: asked.partition_index,
        error_code,
        error_message: Some(error_code.message()),
        ..Default::default()
    });
    TopicData { topic_name: topic.topic_name, partitions: partitions.collect() }
}

fn node(image: &Image, id: BrokerId) -> Node<'_> {
    let endpoints = image.broker(id).map_or(&[][..], |broker| &broker.endpoints);
    let listeners = endpoints.iter().map(|endpoint| Listener {
        name: &endpoint.listener,
        host: &endpoint.host,
        port: endpoint.port,
    });
    Node { node_id: id.0, listeners: listeners.collect() }
}
