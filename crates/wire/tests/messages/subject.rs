//! The messages as table rows, so that each test is one loop over messages and versions.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, Message as _};
use wire::messages as ours;
use wire::{Api, ApiKey, DecodeError, Message, Reader, Versions, Writer};

use super::dump;
use super::random::Random;
use super::values::Generate;

/// One request or response.
pub struct Subject {
    pub name: &'static str,
    pub key: ApiKey,
    pub versions: Versions,
    /// The first flexible version.
    pub flexible: i16,
    /// The highest version that the oracle has.
    pub oracle_max: i16,
    /// A random value of a version.
    pub random: fn(&mut Random, i16) -> Value,
    /// Our reading of a body.
    pub decode: fn(&[u8], i16) -> Result<Value, DecodeError>,
    /// Whether our reading takes a body; nothing is made of it.
    pub accepts: fn(&[u8], i16) -> bool,
    /// The oracle's reading of a body; it does not mind bytes that are left.
    pub oracle: fn(&[u8], i16) -> Result<Value, String>,
}

/// A message, encoded and as text.
#[derive(Debug, PartialEq)]
pub struct Value {
    pub bytes: Vec<u8>,
    pub text: String,
}

impl Value {
    fn ours<'a>(message: &(impl Message<'a> + std::fmt::Debug), version: i16) -> Value {
        let (mut bytes, mut cuts) = (Vec::new(), Vec::new());
        message.encode(&mut Writer::new(&mut bytes, &mut cuts), version);
        assert!(cuts.is_empty());
        Value { bytes, text: dump::ours(message) }
    }

    fn theirs(message: &(impl Encodable + std::fmt::Debug), version: i16) -> Value {
        let mut bytes = BytesMut::new();
        message.encode(&mut bytes, version).unwrap();
        Value { bytes: bytes.to_vec(), text: dump::theirs(message) }
    }
}

impl Subject {
    /// Calls `check` with each version and some random values of it.
    pub fn each(&self, seed: u64, mut check: impl FnMut(i16, Value, &mut Random)) {
        for version in self.versions.min..=self.versions.max {
            let mut random = Random::new(seed ^ u64::from(version.unsigned_abs()) << 32);
            let value = (self.random)(&mut random, version);
            check(version, value, &mut random);
        }
    }
}

macro_rules! subjects {
    ($($module:ident::$name:ident)*) => {
        &[$(Subject {
            name: stringify!($name),
            key: <ours::$module::$name as Api>::API_KEY,
            versions: <ours::$module::$name as Api>::VERSIONS,
            flexible: <ours::$module::$name as Api>::FLEXIBLE,
            oracle_max: theirs::$name::VERSIONS.max,
            random: |random, version| Value::ours(&ours::$module::$name::generate(random, version), version),
            decode: |bytes, version| {
                let message: ours::$module::$name = wire::decode_body(Reader::new(bytes), version)?;
                Ok(Value::ours(&message, version))
            },
            accepts: |bytes, version| wire::decode_body::<ours::$module::$name>(Reader::new(bytes), version).is_ok(),
            oracle: |bytes, version| {
                let message = theirs::$name::decode(&mut Bytes::copy_from_slice(bytes), version);
                message.map(|message| Value::theirs(&message, version)).map_err(|error| error.to_string())
            },
        }),*]
    };
}

pub const SUBJECTS: &[Subject] = subjects! {
    alter_client_quotas::AlterClientQuotasRequest
    alter_client_quotas::AlterClientQuotasResponse
    alter_configs::AlterConfigsRequest
    alter_configs::AlterConfigsResponse
    alter_partition_reassignments::AlterPartitionReassignmentsRequest
    alter_partition_reassignments::AlterPartitionReassignmentsResponse
    alter_replica_log_dirs::AlterReplicaLogDirsRequest
    alter_replica_log_dirs::AlterReplicaLogDirsResponse
    alter_user_scram_credentials::AlterUserScramCredentialsRequest
    alter_user_scram_credentials::AlterUserScramCredentialsResponse
    api_versions::ApiVersionsRequest
    api_versions::ApiVersionsResponse
    consumer_group_describe::ConsumerGroupDescribeRequest
    consumer_group_describe::ConsumerGroupDescribeResponse
    consumer_group_heartbeat::ConsumerGroupHeartbeatRequest
    consumer_group_heartbeat::ConsumerGroupHeartbeatResponse
    create_acls::CreateAclsRequest
    create_acls::CreateAclsResponse
    create_partitions::CreatePartitionsRequest
    create_partitions::CreatePartitionsResponse
    create_topics::CreateTopicsRequest
    create_topics::CreateTopicsResponse
    delete_acls::DeleteAclsRequest
    delete_acls::DeleteAclsResponse
    delete_groups::DeleteGroupsRequest
    delete_groups::DeleteGroupsResponse
    delete_records::DeleteRecordsRequest
    delete_records::DeleteRecordsResponse
    delete_topics::DeleteTopicsRequest
    delete_topics::DeleteTopicsResponse
    describe_acls::DescribeAclsRequest
    describe_acls::DescribeAclsResponse
    describe_client_quotas::DescribeClientQuotasRequest
    describe_client_quotas::DescribeClientQuotasResponse
    describe_cluster::DescribeClusterRequest
    describe_cluster::DescribeClusterResponse
    describe_configs::DescribeConfigsRequest
    describe_configs::DescribeConfigsResponse
    describe_groups::DescribeGroupsRequest
    describe_groups::DescribeGroupsResponse
    describe_log_dirs::DescribeLogDirsRequest
    describe_log_dirs::DescribeLogDirsResponse
    describe_producers::DescribeProducersRequest
    describe_producers::DescribeProducersResponse
    describe_quorum::DescribeQuorumRequest
    describe_quorum::DescribeQuorumResponse
    describe_topic_partitions::DescribeTopicPartitionsRequest
    describe_topic_partitions::DescribeTopicPartitionsResponse
    describe_user_scram_credentials::DescribeUserScramCredentialsRequest
    describe_user_scram_credentials::DescribeUserScramCredentialsResponse
    elect_leaders::ElectLeadersRequest
    elect_leaders::ElectLeadersResponse
    fetch::FetchRequest
    fetch::FetchResponse
    find_coordinator::FindCoordinatorRequest
    find_coordinator::FindCoordinatorResponse
    get_telemetry_subscriptions::GetTelemetrySubscriptionsRequest
    get_telemetry_subscriptions::GetTelemetrySubscriptionsResponse
    heartbeat::HeartbeatRequest
    heartbeat::HeartbeatResponse
    incremental_alter_configs::IncrementalAlterConfigsRequest
    incremental_alter_configs::IncrementalAlterConfigsResponse
    init_producer_id::InitProducerIdRequest
    init_producer_id::InitProducerIdResponse
    join_group::JoinGroupRequest
    join_group::JoinGroupResponse
    leave_group::LeaveGroupRequest
    leave_group::LeaveGroupResponse
    list_config_resources::ListConfigResourcesRequest
    list_config_resources::ListConfigResourcesResponse
    list_groups::ListGroupsRequest
    list_groups::ListGroupsResponse
    list_offsets::ListOffsetsRequest
    list_offsets::ListOffsetsResponse
    list_partition_reassignments::ListPartitionReassignmentsRequest
    list_partition_reassignments::ListPartitionReassignmentsResponse
    metadata::MetadataRequest
    metadata::MetadataResponse
    offset_commit::OffsetCommitRequest
    offset_commit::OffsetCommitResponse
    offset_delete::OffsetDeleteRequest
    offset_delete::OffsetDeleteResponse
    offset_fetch::OffsetFetchRequest
    offset_fetch::OffsetFetchResponse
    offset_for_leader_epoch::OffsetForLeaderEpochRequest
    offset_for_leader_epoch::OffsetForLeaderEpochResponse
    produce::ProduceRequest
    produce::ProduceResponse
    push_telemetry::PushTelemetryRequest
    push_telemetry::PushTelemetryResponse
    sasl_authenticate::SaslAuthenticateRequest
    sasl_authenticate::SaslAuthenticateResponse
    sasl_handshake::SaslHandshakeRequest
    sasl_handshake::SaslHandshakeResponse
    sync_group::SyncGroupRequest
    sync_group::SyncGroupResponse
    txn_offset_commit::TxnOffsetCommitRequest
    txn_offset_commit::TxnOffsetCommitResponse
    unregister_broker::UnregisterBrokerRequest
    unregister_broker::UnregisterBrokerResponse
    update_features::UpdateFeaturesRequest
    update_features::UpdateFeaturesResponse
};
