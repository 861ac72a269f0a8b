//! The table of all APIs that this broker serves: one line, one message file in `wire`, one file in `handlers/`.
//!
//! Dispatch and ApiVersions come from the table. Produce has a line like the others, but its requests are gathered over
//! a turn (see [`crate::turn`]), so its handler never runs alone.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use host::FileSlice;
use net::{Answer, Outbox};
use wire::messages::produce::ProduceRequest;
use wire::{Api as _, ApiKey, Cut, DecodeError, Message, Reader, RequestHeader, Response, Versions};

use crate::handlers;
use crate::metrics::requests;
use crate::node::Node;
use crate::turn::Session;
use crate::view::View;

/// One line of the table.
pub struct Api {
    /// Which API.
    pub key: ApiKey,
    /// The versions that are served.
    pub versions: Versions,
    /// The lowest version that ApiVersions tells.
    pub advertised_min: i16,
    /// Decodes the body and answers.
    pub handle: Handle,
}

/// How requests of an API are handled.
#[derive(Clone, Copy)]
pub enum Handle {
    /// One by one.
    Alone(fn(&Call<'_>, Reader<'_>, &mut Outbox) -> Result<Flow, DecodeError>),
    /// Together with those that follow it in the turn.
    Gathered,
}

/// A line: the request's message, whose module in `wire::messages` and handler in `handlers` have the API's name.
macro_rules! api {
    ($name:ident::$request:ident) => {
        Api {
            key: wire::messages::$name::$request::API_KEY,
            versions: wire::messages::$name::$request::VERSIONS,
            advertised_min: wire::messages::$name::$request::VERSIONS.min,
            handle: Handle::Alone(|call, body, outbox| {
                let request: wire::messages::$name::$request = wire::decode_request(body, call.version())?;
                Ok(handlers::$name::handle(call, request, outbox))
            }),
        }
    };
}

/// Every API, by key.
pub const TABLE: &[Api] = &[
    // Versions 0-2 are told but refused: KAFKA-18659.
    Api {
        key: ProduceRequest::API_KEY,
        versions: ProduceRequest::VERSIONS,
        advertised_min: 0,
        handle: Handle::Gathered,
    },
    api!(fetch::FetchRequest),
    api!(list_offsets::ListOffsetsRequest),
    api!(metadata::MetadataRequest),
    api!(offset_commit::OffsetCommitRequest),
    api!(offset_fetch::OffsetFetchRequest),
    api!(find_coordinator::FindCoordinatorRequest),
    api!(join_group::JoinGroupRequest),
    api!(heartbeat::HeartbeatRequest),
    api!(leave_group::LeaveGroupRequest),
    api!(sync_group::SyncGroupRequest),
    api!(describe_groups::DescribeGroupsRequest),
    api!(list_groups::ListGroupsRequest),
    api!(sasl_handshake::SaslHandshakeRequest),
    api!(api_versions::ApiVersionsRequest),
    api!(create_topics::CreateTopicsRequest),
    api!(delete_topics::DeleteTopicsRequest),
    api!(delete_records::DeleteRecordsRequest),
    api!(init_producer_id::InitProducerIdRequest),
    api!(offset_for_leader_epoch::OffsetForLeaderEpochRequest),
    api!(describe_acls::DescribeAclsRequest),
    api!(create_acls::CreateAclsRequest),
    api!(delete_acls::DeleteAclsRequest),
    api!(describe_configs::DescribeConfigsRequest),
    api!(alter_configs::AlterConfigsRequest),
    api!(alter_replica_log_dirs::AlterReplicaLogDirsRequest),
    api!(describe_log_dirs::DescribeLogDirsRequest),
    api!(create_partitions::CreatePartitionsRequest),
    api!(delete_groups::DeleteGroupsRequest),
    api!(elect_leaders::ElectLeadersRequest),
    api!(incremental_alter_configs::IncrementalAlterConfigsRequest),
    api!(sasl_authenticate::SaslAuthenticateRequest),
    api!(alter_partition_reassignments::AlterPartitionReassignmentsRequest),
    api!(list_partition_reassignments::ListPartitionReassignmentsRequest),
    api!(offset_delete::OffsetDeleteRequest),
    api!(describe_client_quotas::DescribeClientQuotasRequest),
    api!(alter_client_quotas::AlterClientQuotasRequest),
    api!(describe_user_scram_credentials::DescribeUserScramCredentialsRequest),
    api!(alter_user_scram_credentials::AlterUserScramCredentialsRequest),
    api!(describe_quorum::DescribeQuorumRequest),
    api!(update_features::UpdateFeaturesRequest),
    api!(describe_cluster::DescribeClusterRequest),
    api!(describe_producers::DescribeProducersRequest),
    api!(unregister_broker::UnregisterBrokerRequest),
    api!(consumer_group_heartbeat::ConsumerGroupHeartbeatRequest),
    api!(consumer_group_describe::ConsumerGroupDescribeRequest),
    api!(get_telemetry_subscriptions::GetTelemetrySubscriptionsRequest),
    api!(push_telemetry::PushTelemetryRequest),
    api!(list_config_resources::ListConfigResourcesRequest),
    api!(describe_topic_partitions::DescribeTopicPartitionsRequest),
    api!(explain_group::ExplainGroupRequest),
];

/// The line of a request, if its key and version are served.
pub fn find(header: &RequestHeader<'_>) -> Option<&'static Api> {
    TABLE.iter().find(|api| api.key.0 == header.api_key).filter(|api| api.versions.contains(header.api_version))
}

/// What a handler knows of the request beside its body. One view from start to end.
pub struct Call<'c> {
    /// The node.
    pub node: &'c Arc<Node>,
    /// The metadata and the partitions as they were when the turn began.
    pub view: &'c Arc<View>,
    /// The connection.
    pub session: &'c Session,
    /// The request's header.
    pub header: &'c RequestHeader<'c>,
}

/// How a request goes on.
pub enum Flow {
    /// Answered.
    Done,
    /// The answer comes later; requests behind it wait.
    Wait(net::Wait),
}

/// What an answer needs to know of its request; outlives it.
#[derive(Debug, Clone, Copy)]
pub struct Respond {
    correlation_id: i32,
    version: i16,
    /// When the request arrived, for its time.
    arrival: Duration,
}

impl Call<'_> {
    /// The version of the request, and of its response.
    pub fn version(&self) -> i16 {
        self.header.api_version
    }

    /// The name of the listener that the client came through.
    pub fn listener(&self) -> &str {
        &self.node.config.listeners[self.session.listener].name
    }

    /// For an answer that comes later.
    pub fn respond(&self) -> Respond {
        Respond::to(self.header)
    }

    /// Answers now.
    pub fn answer<'r, R: Response + Message<'r>>(&self, outbox: &mut Outbox, response: &R) {
        self.respond().answer(outbox, response);
    }
}

impl Flow {
    /// Answers when `work` is done; it gives the function that writes the answer.
    pub fn wait<F, W>(work: F) -> Flow
    where
        F: Future<Output = W> + 'static,
        W: FnOnce(&mut Outbox) + 'static,
    {
        Flow::Wait(Box::pin(async move { Answer::Write(Box::new(work.await)) }))
    }
}

impl Respond {
    /// To the request with this header, in its version.
    pub fn to(header: &RequestHeader<'_>) -> Respond {
        Respond::in_version(header, header.api_version)
    }

    /// To it, in a version that it can surely read.
    pub fn in_version(header: &RequestHeader<'_>, version: i16) -> Respond {
        Respond { correlation_id: header.correlation_id, version, arrival: requests::arrival() }
    }

    /// The version of the request, and of its response.
    pub fn version(&self) -> i16 {
        self.version
    }

    /// Writes a response that has no file ranges.
    pub fn answer<'r, R: Response + Message<'r>>(&self, outbox: &mut Outbox, response: &R) {
        self.answer_with_files(outbox, response, std::iter::empty());
    }

    /// Writes a response; `files` fill its holes, in order.
    pub fn answer_with_files<'r, R: Response + Message<'r>>(
        &self,
        outbox: &mut Outbox,
        response: &R,
        files: impl IntoIterator<Item = FileSlice>,
    ) {
        let (mut bytes, mut errors) = (0, Vec::new());
        let encode = |out: &mut Vec<u8>, cuts: &mut Vec<Cut>| {
            let start = out.len();
            errors = wire::encode_response(out, cuts, self.correlation_id, self.version, response);
            bytes = frame_bytes(&out[start..]);
        };
        outbox.push(encode, files);
        requests::answered(R::API_KEY, self.arrival, bytes, &errors);
    }
}

/// The bytes of the frame that begins here, holes and size prefix included.
fn frame_bytes(frame: &[u8]) -> u64 {
    let size = frame.first_chunk().map_or(0, |size| i32::from_be_bytes(*size));
    4 + u64::try_from(size).unwrap_or(0)
}
