//! Values of the messages that administrators' tools send, by the names of their modules, as many have structs of one name.

use wire::messages::*;

use super::super::random::Random;
use super::Generate;

structs! {
    create_partitions::CreatePartitionsRequest<'static> { topics, timeout_ms, validate_only }
    create_partitions::CreatePartitionsTopic<'static> { name, count, assignments }
    create_partitions::CreatePartitionsAssignment<'static> { broker_ids }
    create_partitions::CreatePartitionsResponse<'static> { throttle_time_ms, results }
    create_partitions::CreatePartitionsTopicResult<'static> { name, error_code, error_message }

    describe_log_dirs::DescribableLogDirTopic<'static> { topic, partitions }
    describe_log_dirs::DescribeLogDirsResponse<'static> { throttle_time_ms, error_code, results }
    describe_log_dirs::DescribeLogDirsResult<'static> {
        error_code, log_dir, topics, total_bytes, usable_bytes, is_cordoned,
    }
    describe_log_dirs::DescribeLogDirsTopic<'static> { name, partitions }

    alter_replica_log_dirs::AlterReplicaLogDirsRequest<'static> { dirs }
    alter_replica_log_dirs::AlterReplicaLogDir<'static> { path, topics }
    alter_replica_log_dirs::AlterReplicaLogDirTopic<'static> { name, partitions }
    alter_replica_log_dirs::AlterReplicaLogDirsResponse<'static> { throttle_time_ms, results }
    alter_replica_log_dirs::AlterReplicaLogDirTopicResult<'static> { topic_name, partitions }
    alter_replica_log_dirs::AlterReplicaLogDirPartitionResult { partition_index, error_code }

    describe_producers::DescribeProducersRequest<'static> { topics }
    describe_producers::TopicRequest<'static> { name, partition_indexes }
    describe_producers::DescribeProducersResponse<'static> { throttle_time_ms, topics }
    describe_producers::TopicResponse<'static> { name, partitions }
    describe_producers::PartitionResponse<'static> { partition_index, error_code, error_message, active_producers }
    describe_producers::ProducerState {
        producer_id, producer_epoch, last_sequence, last_timestamp, coordinator_epoch,
        current_txn_start_offset,
    }

    elect_leaders::ElectLeadersRequest<'static> { election_type, topic_partitions, timeout_ms }
    elect_leaders::TopicPartitions<'static> { topic, partitions }
    elect_leaders::ElectLeadersResponse<'static> { throttle_time_ms, error_code, replica_election_results }
    elect_leaders::ReplicaElectionResult<'static> { topic, partition_result }
    elect_leaders::PartitionResult<'static> { partition_id, error_code, error_message }

    list_partition_reassignments::ListPartitionReassignmentsRequest<'static> { timeout_ms, topics }
    list_partition_reassignments::ListPartitionReassignmentsTopics<'static> { name, partition_indexes }
    list_partition_reassignments::ListPartitionReassignmentsResponse<'static> {
        throttle_time_ms, error_code, error_message, topics,
    }
    list_partition_reassignments::OngoingTopicReassignment<'static> { name, partitions }
    list_partition_reassignments::OngoingPartitionReassignment<'static> {
        partition_index, replicas, adding_replicas, removing_replicas,
    }

    alter_partition_reassignments::AlterPartitionReassignmentsRequest<'static> {
        timeout_ms, allow_replication_factor_change, topics,
    }
    alter_partition_reassignments::ReassignableTopic<'static> { name, partitions }
    alter_partition_reassignments::ReassignablePartition<'static> { partition_index, replicas }
    alter_partition_reassignments::AlterPartitionReassignmentsResponse<'static> {
        throttle_time_ms, allow_replication_factor_change, error_code, error_message, responses,
    }
    alter_partition_reassignments::ReassignableTopicResponse<'static> { name, partitions }
    alter_partition_reassignments::ReassignablePartitionResponse<'static> {
        partition_index, error_code, error_message,
    }

    unregister_broker::UnregisterBrokerRequest { broker_id }
    unregister_broker::UnregisterBrokerResponse<'static> { throttle_time_ms, error_code, error_message }

    list_config_resources::ListConfigResourcesRequest<'static> { resource_types }
    list_config_resources::ListConfigResourcesResponse<'static> { throttle_time_ms, error_code, config_resources }
    list_config_resources::ConfigResource<'static> { resource_name, resource_type }

    describe_acls::DescribeAclsRequest<'static> {
        resource_type_filter, resource_name_filter, pattern_type_filter, principal_filter, host_filter,
        operation, permission_type,
    }
    describe_acls::DescribeAclsResponse<'static> { throttle_time_ms, error_code, error_message, resources }
    describe_acls::DescribeAclsResource<'static> { resource_type, resource_name, pattern_type, acls }
    describe_acls::AclDescription<'static> { principal, host, operation, permission_type }

    create_acls::CreateAclsRequest<'static> { creations }
    create_acls::AclCreation<'static> {
        resource_type, resource_name, resource_pattern_type, principal, host, operation, permission_type,
    }
    create_acls::CreateAclsResponse<'static> { throttle_time_ms, results }
    create_acls::AclCreationResult<'static> { error_code, error_message }

    delete_acls::DeleteAclsRequest<'static> { filters }
    delete_acls::DeleteAclsFilter<'static> {
        resource_type_filter, resource_name_filter, pattern_type_filter, principal_filter, host_filter,
        operation, permission_type,
    }
    delete_acls::DeleteAclsResponse<'static> { throttle_time_ms, filter_results }
    delete_acls::DeleteAclsFilterResult<'static> { error_code, error_message, matching_acls }
    delete_acls::DeleteAclsMatchingAcl<'static> {
        error_code, error_message, resource_type, resource_name, pattern_type, principal, host, operation,
        permission_type,
    }

    describe_client_quotas::DescribeClientQuotasRequest<'static> { components, strict }
    describe_client_quotas::ComponentData<'static> { entity_type, match_type, r#match }
    describe_client_quotas::DescribeClientQuotasResponse<'static> {
        throttle_time_ms, error_code, error_message, entries,
    }
    describe_client_quotas::EntryData<'static> { entity, values }
    describe_client_quotas::EntityData<'static> { entity_type, entity_name }
    describe_client_quotas::ValueData<'static> { key, value }

    alter_client_quotas::AlterClientQuotasRequest<'static> { entries, validate_only }
    alter_client_quotas::asked::EntryData<'static> { entity, ops }
    alter_client_quotas::EntityData<'static> { entity_type, entity_name }
    alter_client_quotas::OpData<'static> { key, value, remove }
    alter_client_quotas::AlterClientQuotasResponse<'static> { throttle_time_ms, entries }
    alter_client_quotas::EntryData<'static> { error_code, error_message, entity }

    describe_user_scram_credentials::DescribeUserScramCredentialsRequest<'static> { users }
    describe_user_scram_credentials::UserName<'static> { name }
    describe_user_scram_credentials::DescribeUserScramCredentialsResponse<'static> {
        throttle_time_ms, error_code, error_message, results,
    }
    describe_user_scram_credentials::DescribeUserScramCredentialsResult<'static> {
        user, error_code, error_message, credential_infos,
    }
    describe_user_scram_credentials::CredentialInfo { mechanism, iterations }

    alter_user_scram_credentials::AlterUserScramCredentialsRequest<'static> { deletions, upsertions }
    alter_user_scram_credentials::ScramCredentialDeletion<'static> { name, mechanism }
    alter_user_scram_credentials::ScramCredentialUpsertion<'static> {
        name, mechanism, iterations, salt, salted_password,
    }
    alter_user_scram_credentials::AlterUserScramCredentialsResponse<'static> { throttle_time_ms, results }
    alter_user_scram_credentials::AlterUserScramCredentialsResult<'static> { user, error_code, error_message }

    list_groups::ListGroupsRequest<'static> { states_filter, types_filter }
    list_groups::ListGroupsResponse<'static> { throttle_time_ms, error_code, groups }
    list_groups::ListedGroup<'static> { group_id, protocol_type, group_state, group_type }

    describe_quorum::DescribeQuorumRequest<'static> { topics }
    describe_quorum::asked::TopicData<'static> { topic_name, partitions }
    describe_quorum::asked::PartitionData { partition_index }
    describe_quorum::DescribeQuorumResponse<'static> { error_code, error_message, topics, nodes }
    describe_quorum::TopicData<'static> { topic_name, partitions }
    describe_quorum::PartitionData<'static> {
        partition_index, error_code, error_message, leader_id, leader_epoch, high_watermark, current_voters,
        observers,
    }
    describe_quorum::Node<'static> { node_id, listeners }
    describe_quorum::Listener<'static> { name, host, port }
    describe_quorum::ReplicaState {
        replica_id, replica_directory_id, log_end_offset, last_fetch_timestamp, last_caught_up_timestamp,
    }

    update_features::UpdateFeaturesRequest<'static> { timeout_ms, feature_updates, validate_only }
    update_features::FeatureUpdateKey<'static> { feature, max_version_level, allow_downgrade, upgrade_type }
    update_features::UpdateFeaturesResponse<'static> { throttle_time_ms, error_code, error_message, results }
    update_features::UpdatableFeatureResult<'static> { feature, error_code, error_message }

    get_telemetry_subscriptions::GetTelemetrySubscriptionsRequest { client_instance_id }
    get_telemetry_subscriptions::GetTelemetrySubscriptionsResponse<'static> {
        throttle_time_ms, error_code, client_instance_id, subscription_id, accepted_compression_types,
        push_interval_ms, telemetry_max_bytes, delta_temporality, requested_metrics,
    }

    push_telemetry::PushTelemetryRequest<'static> {
        client_instance_id, subscription_id, terminating, compression_type, metrics,
    }
    push_telemetry::PushTelemetryResponse { throttle_time_ms, error_code }
}

/// Without the tags that only we have.
impl Generate for describe_log_dirs::DescribeLogDirsRequest<'static> {
    fn generate(random: &mut Random, version: i16) -> Self {
        Self { topics: Generate::generate(random, version), tells_cache: false }
    }
}

/// Without the tags that only we have.
impl Generate for describe_log_dirs::DescribeLogDirsPartition {
    fn generate(random: &mut Random, version: i16) -> Self {
        Self {
            partition_index: Generate::generate(random, version),
            partition_size: Generate::generate(random, version),
            offset_lag: Generate::generate(random, version),
            is_future_key: Generate::generate(random, version),
            ..Self::default()
        }
    }
}
