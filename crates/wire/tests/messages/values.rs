//! Random values of every message.

use record::Uuid;
use wire::messages::api_versions::*;
use wire::messages::create_topics::*;
use wire::messages::delete_records::*;
use wire::messages::delete_topics::*;
use wire::messages::describe_cluster::*;
use wire::messages::describe_configs::*;
use wire::messages::describe_topic_partitions::*;
use wire::messages::fetch::*;
use wire::messages::find_coordinator::*;
use wire::messages::incremental_alter_configs::*;
use wire::messages::init_producer_id::*;
use wire::messages::list_offsets::*;
use wire::messages::metadata::*;
use wire::messages::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition, OffsetForLeaderTopic,
    OffsetForLeaderTopicResult,
};
use wire::messages::produce::*;
use wire::messages::sasl_authenticate::*;
use wire::messages::sasl_handshake::*;
use wire::messages::{alter_configs, offset_for_leader_epoch};
use wire::{Array, ErrorCode, Records};

use super::random::{LONG, Random};

/// A type whose values can be drawn. A field that cannot be null in `version` is not.
pub trait Generate: Sized {
    fn generate(random: &mut Random, version: i16) -> Self;
}

macro_rules! integers {
    ($($integer:ident),*) => {$(
        impl Generate for $integer {
            fn generate(random: &mut Random, _version: i16) -> Self {
                let any = random.next() as $integer;
                random.pick(&[0, 1, -1, 2, 4, $integer::MIN, $integer::MAX, any])
            }
        }
    )*};
}
integers!(i8, i16, i32, i64);

impl Generate for u16 {
    fn generate(random: &mut Random, _version: i16) -> Self {
        random.pick(&[0, 1, 9092, u16::MAX])
    }
}

impl Generate for f64 {
    fn generate(random: &mut Random, _version: i16) -> Self {
        random.pick(&[0.0, -0.5, 1e9, f64::MAX])
    }
}

impl Generate for bool {
    fn generate(random: &mut Random, _version: i16) -> Self {
        random.pick(&[false, true])
    }
}

impl Generate for ErrorCode {
    fn generate(random: &mut Random, version: i16) -> Self {
        ErrorCode(i16::generate(random, version))
    }
}

impl Generate for Uuid {
    fn generate(random: &mut Random, _version: i16) -> Self {
        let byte = random.next() as u8;
        match random.below(2 + random.words.ids.len()) {
            0 => Uuid::ZERO,
            1 => Uuid([byte; 16]),
            known => Uuid(random.words.ids[known - 2]),
        }
    }
}

impl Generate for &'static str {
    fn generate(random: &mut Random, _version: i16) -> Self {
        random.pick(&random.words.strings)
    }
}

impl Generate for &'static [u8] {
    fn generate(random: &mut Random, _version: i16) -> Self {
        random.pick(&["", "bytes", LONG]).as_bytes()
    }
}

impl Generate for Records<'static> {
    fn generate(random: &mut Random, _version: i16) -> Self {
        Records::Bytes(random.pick(&random.words.records))
    }
}

impl<T: Generate> Generate for Option<T> {
    fn generate(random: &mut Random, version: i16) -> Self {
        (random.below(3) > 0).then(|| T::generate(random, version))
    }
}

impl<T: Generate + Clone> Generate for Array<'static, T> {
    fn generate(random: &mut Random, version: i16) -> Self {
        (0..random.below(4)).map(|_| T::generate(random, version)).collect()
    }
}

/// A nullable field, null in the versions from `nullable` only.
fn nullable_from<T: Generate>(nullable: i16, random: &mut Random, version: i16) -> Option<T> {
    match version >= nullable {
        true => Generate::generate(random, version),
        false => Some(T::generate(random, version)),
    }
}

/// `field >= n` is null only from version n. Naming every field keeps this in step with the messages.
macro_rules! structs {
    ($($name:ty { $($field:ident $(>= $nullable:literal)?),* $(,)? })*) => {$(
        impl Generate for $name {
            fn generate(random: &mut Random, version: i16) -> Self {
                Self { $($field: structs!(@field random version $($nullable)?)),* }
            }
        }
    )*};
    (@field $random:ident $version:ident) => { Generate::generate($random, $version) };
    (@field $random:ident $version:ident $nullable:literal) => { nullable_from($nullable, $random, $version) };
}

// Behind the macro, which it uses. The path is the same where other tests include this file by its path.
#[path = "values/admin.rs"]
mod admin;
#[path = "values/groups.rs"]
mod groups;

structs! {
    alter_configs::AlterConfigsRequest<'static> { resources, validate_only }
    alter_configs::AlterConfigsResource<'static> { resource_type, resource_name, configs }
    alter_configs::AlterableConfig<'static> { name, value }
    alter_configs::AlterConfigsResponse<'static> { throttle_time_ms, responses }

    ApiVersionsRequest<'static> { client_software_name, client_software_version }
    ApiVersionsResponse<'static> {
        error_code, api_keys, throttle_time_ms, supported_features, finalized_features_epoch, finalized_features,
        zk_migration_ready,
    }
    ApiVersion { api_key, min_version, max_version }
    SupportedFeatureKey<'static> { name, min_version, max_version }
    FinalizedFeatureKey<'static> { name, max_version_level, min_version_level }

    CreateTopicsRequest<'static> { topics, timeout_ms, validate_only }
    CreatableTopic<'static> { name, num_partitions, replication_factor, assignments, configs }
    CreatableReplicaAssignment<'static> { partition_index, broker_ids }
    CreatableTopicConfig<'static> { name, value }
    CreateTopicsResponse<'static> { throttle_time_ms, topics }
    CreatableTopicResult<'static> {
        name, topic_id, error_code, error_message, topic_config_error_code, num_partitions, replication_factor,
        configs,
    }
    CreatableTopicConfigs<'static> { name, value, read_only, config_source, is_sensitive }

    DeleteRecordsRequest<'static> { topics, timeout_ms }
    DeleteRecordsTopic<'static> { name, partitions }
    DeleteRecordsPartition { partition_index, offset }
    DeleteRecordsResponse<'static> { throttle_time_ms, topics }
    DeleteRecordsTopicResult<'static> { name, partitions }
    DeleteRecordsPartitionResult { partition_index, low_watermark, error_code }

    DeleteTopicsRequest<'static> { topics, topic_names, timeout_ms }
    DeleteTopicState<'static> { name, topic_id }
    DeleteTopicsResponse<'static> { throttle_time_ms, responses }
    DeletableTopicResult<'static> { name >= 6, topic_id, error_code, error_message }

    DescribeClusterRequest { include_cluster_authorized_operations, endpoint_type, include_fenced_brokers }
    DescribeClusterResponse<'static> {
        throttle_time_ms, error_code, error_message, endpoint_type, cluster_id, controller_id, brokers,
        cluster_authorized_operations,
    }
    DescribeClusterBroker<'static> { broker_id, host, port, rack, is_fenced }

    DescribeConfigsRequest<'static> { resources, include_synonyms, include_documentation }
    DescribeConfigsResource<'static> { resource_type, resource_name, configuration_keys }
    DescribeConfigsResponse<'static> { throttle_time_ms, results }
    DescribeConfigsResult<'static> { error_code, error_message, resource_type, resource_name, configs }
    DescribeConfigsResourceResult<'static> {
        name, value, read_only, config_source, is_sensitive, synonyms, config_type, documentation,
    }
    DescribeConfigsSynonym<'static> { name, value, source }

    DescribeTopicPartitionsRequest<'static> { topics, response_partition_limit, cursor }
    TopicRequest<'static> { name }
    Cursor<'static> { topic_name, partition_index }
    DescribeTopicPartitionsResponse<'static> { throttle_time_ms, topics, next_cursor }
    DescribeTopicPartitionsResponseTopic<'static> {
        error_code, name, topic_id, is_internal, partitions, topic_authorized_operations,
    }
    DescribeTopicPartitionsResponsePartition<'static> {
        error_code, partition_index, leader_id, leader_epoch, replica_nodes, isr_nodes, eligible_leader_replicas,
        last_known_elr, offline_replicas,
    }

    FetchRequest<'static> {
        cluster_id, replica_id, replica_state, max_wait_ms, min_bytes, max_bytes, isolation_level, session_id,
        session_epoch, topics, forgotten_topics_data, rack_id,
    }
    ReplicaState { replica_id, replica_epoch }
    FetchTopic<'static> { topic, topic_id, partitions }
    FetchPartition {
        partition, current_leader_epoch, fetch_offset, last_fetched_epoch, log_start_offset, partition_max_bytes,
        replica_directory_id, high_watermark,
    }
    ForgottenTopic<'static> { topic, topic_id, partitions }
    FetchResponse<'static> { throttle_time_ms, error_code, session_id, responses, node_endpoints }
    FetchableTopicResponse<'static> { topic, topic_id, partitions }
    PartitionData<'static> {
        partition_index, error_code, high_watermark, last_stable_offset, log_start_offset, diverging_epoch,
        current_leader, snapshot_id, aborted_transactions, preferred_read_replica, records,
    }
    EpochEndOffset { epoch, end_offset }
    SnapshotId { end_offset, epoch }
    AbortedTransaction { producer_id, first_offset }

    FindCoordinatorRequest<'static> { key, key_type, coordinator_keys }
    FindCoordinatorResponse<'static> { throttle_time_ms, error_code, error_message, node_id, host, port, coordinators }
    Coordinator<'static> { key, node_id, host, port, error_code, error_message }
    IncrementalAlterConfigsRequest<'static> { resources, validate_only }
    AlterConfigsResource<'static> { resource_type, resource_name, configs }
    AlterableConfig<'static> { name, config_operation, value }
    IncrementalAlterConfigsResponse<'static> { throttle_time_ms, responses }
    AlterConfigsResourceResponse<'static> { error_code, error_message, resource_type, resource_name }

    InitProducerIdRequest<'static> { transactional_id, transaction_timeout_ms, producer_id, producer_epoch }
    InitProducerIdResponse { throttle_time_ms, error_code, producer_id, producer_epoch }

    SaslHandshakeRequest<'static> { mechanism }
    SaslHandshakeResponse<'static> { error_code, mechanisms }
    SaslAuthenticateRequest<'static> { auth_bytes }
    SaslAuthenticateResponse<'static> { error_code, error_message, auth_bytes, session_lifetime_ms }

    ListOffsetsRequest<'static> { replica_id, isolation_level, topics, timeout_ms }
    ListOffsetsTopic<'static> { name, partitions }
    ListOffsetsPartition { partition_index, current_leader_epoch, timestamp }
    ListOffsetsResponse<'static> { throttle_time_ms, topics }
    ListOffsetsTopicResponse<'static> { name, partitions }
    ListOffsetsPartitionResponse { partition_index, error_code, timestamp, offset, leader_epoch }

    MetadataRequest<'static> {
        topics >= 1, allow_auto_topic_creation, include_cluster_authorized_operations,
        include_topic_authorized_operations,
    }
    MetadataRequestTopic<'static> { topic_id, name >= 10 }
    MetadataResponse<'static> {
        throttle_time_ms, brokers, cluster_id, controller_id, topics, cluster_authorized_operations, error_code,
    }
    MetadataResponseBroker<'static> { node_id, host, port, rack }
    MetadataResponseTopic<'static> {
        error_code, name >= 12, topic_id, is_internal, partitions, topic_authorized_operations,
    }
    MetadataResponsePartition<'static> {
        error_code, partition_index, leader_id, leader_epoch, replica_nodes, isr_nodes, offline_replicas,
    }

    OffsetForLeaderEpochRequest<'static> { replica_id, topics }
    OffsetForLeaderTopic<'static> { topic, partitions }
    OffsetForLeaderPartition { partition, current_leader_epoch, leader_epoch }
    OffsetForLeaderEpochResponse<'static> { throttle_time_ms, topics }
    OffsetForLeaderTopicResult<'static> { topic, partitions }
    offset_for_leader_epoch::EpochEndOffset { error_code, partition, leader_epoch, end_offset }

    ProduceRequest<'static> { transactional_id, acks, timeout_ms, topic_data }
    TopicProduceData<'static> { name, topic_id, partition_data }
    PartitionProduceData<'static> { index, records }
    ProduceResponse<'static> { responses, throttle_time_ms, node_endpoints }
    TopicProduceResponse<'static> { name, topic_id, partition_responses }
    PartitionProduceResponse<'static> {
        index, error_code, base_offset, log_append_time_ms, log_start_offset, record_errors, error_message,
        current_leader,
    }
    BatchIndexAndErrorMessage<'static> { batch_index, batch_index_error_message }
    LeaderIdAndEpoch { leader_id, leader_epoch }
    NodeEndpoint<'static> { node_id, host, port, rack }
}
