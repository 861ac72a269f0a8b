//! Values of the messages of groups, by the names of their modules, as many have structs of one name.

use wire::messages::*;

use super::{Generate, Random, nullable_from};

structs! {
    offset_commit::OffsetCommitRequest<'static> {
        group_id, generation_id_or_member_epoch, member_id, group_instance_id, retention_time_ms, topics,
    }
    offset_commit::OffsetCommitRequestTopic<'static> { name, topic_id, partitions }
    offset_commit::OffsetCommitRequestPartition<'static> {
        partition_index, committed_offset, committed_leader_epoch, committed_metadata,
    }
    offset_commit::OffsetCommitResponse<'static> { throttle_time_ms, topics }
    offset_commit::OffsetCommitResponseTopic<'static> { name, topic_id, partitions }
    offset_commit::OffsetCommitResponsePartition { partition_index, error_code }

    offset_fetch::OffsetFetchRequest<'static> { group_id, topics >= 2, groups, require_stable }
    offset_fetch::OffsetFetchRequestTopic<'static> { name, partition_indexes }
    offset_fetch::OffsetFetchRequestGroup<'static> { group_id, member_id, member_epoch, topics }
    offset_fetch::OffsetFetchRequestTopics<'static> { name, topic_id, partition_indexes }
    offset_fetch::OffsetFetchResponse<'static> { throttle_time_ms, topics, error_code, groups }
    offset_fetch::OffsetFetchResponseTopic<'static> { name, partitions }
    offset_fetch::OffsetFetchResponsePartition<'static> {
        partition_index, committed_offset, committed_leader_epoch, metadata, error_code,
    }
    offset_fetch::OffsetFetchResponseGroup<'static> { group_id, topics, error_code }
    offset_fetch::OffsetFetchResponseTopics<'static> { name, topic_id, partitions }
    offset_fetch::OffsetFetchResponsePartitions<'static> {
        partition_index, committed_offset, committed_leader_epoch, metadata, error_code,
    }

    join_group::JoinGroupRequest<'static> {
        group_id, session_timeout_ms, rebalance_timeout_ms, member_id, group_instance_id, protocol_type, protocols,
        reason,
    }
    join_group::JoinGroupRequestProtocol<'static> { name, metadata }
    join_group::JoinGroupResponse<'static> {
        throttle_time_ms, error_code, generation_id, protocol_type, protocol_name >= 7, leader, skip_assignment,
        member_id, members,
    }
    join_group::JoinGroupResponseMember<'static> { member_id, group_instance_id, metadata }

    heartbeat::HeartbeatRequest<'static> { group_id, generation_id, member_id, group_instance_id }
    heartbeat::HeartbeatResponse { throttle_time_ms, error_code }

    leave_group::LeaveGroupRequest<'static> { group_id, member_id, members }
    leave_group::MemberIdentity<'static> { member_id, group_instance_id, reason }
    leave_group::LeaveGroupResponse<'static> { throttle_time_ms, error_code, members }
    leave_group::MemberResponse<'static> { member_id, group_instance_id, error_code }

    sync_group::SyncGroupRequest<'static> {
        group_id, generation_id, member_id, group_instance_id, protocol_type, protocol_name, assignments,
    }
    sync_group::SyncGroupRequestAssignment<'static> { member_id, assignment }
    sync_group::SyncGroupResponse<'static> { throttle_time_ms, error_code, protocol_type, protocol_name, assignment }

    describe_groups::DescribeGroupsRequest<'static> { groups, include_authorized_operations }
    describe_groups::DescribeGroupsResponse<'static> { throttle_time_ms, groups }
    describe_groups::DescribedGroup<'static> {
        error_code, error_message, group_id, group_state, protocol_type, protocol_data, members,
        authorized_operations,
    }
    describe_groups::DescribedGroupMember<'static> {
        member_id, group_instance_id, client_id, client_host, member_metadata, member_assignment,
    }

    delete_groups::DeleteGroupsRequest<'static> { groups_names }
    delete_groups::DeleteGroupsResponse<'static> { throttle_time_ms, results }
    delete_groups::DeletableGroupResult<'static> { group_id, error_code }

    offset_delete::OffsetDeleteRequest<'static> { group_id, topics }
    offset_delete::OffsetDeleteRequestTopic<'static> { name, partitions }
    offset_delete::OffsetDeleteRequestPartition { partition_index }
    offset_delete::OffsetDeleteResponse<'static> { error_code, throttle_time_ms, topics }
    offset_delete::OffsetDeleteResponseTopic<'static> { name, partitions }
    offset_delete::OffsetDeleteResponsePartition { partition_index, error_code }

    consumer_group_heartbeat::ConsumerGroupHeartbeatRequest<'static> {
        group_id, member_id, member_epoch, instance_id, rack_id, rebalance_timeout_ms, subscribed_topic_names,
        subscribed_topic_regex, server_assignor, topic_partitions,
    }
    consumer_group_heartbeat::TopicPartitions<'static> { topic_id, partitions }
    consumer_group_heartbeat::ConsumerGroupHeartbeatResponse<'static> {
        throttle_time_ms, error_code, error_message, member_id, member_epoch, heartbeat_interval_ms, assignment,
    }
    consumer_group_heartbeat::Assignment<'static> { topic_partitions }

    consumer_group_describe::ConsumerGroupDescribeRequest<'static> { group_ids, include_authorized_operations }
    consumer_group_describe::ConsumerGroupDescribeResponse<'static> { throttle_time_ms, groups }
    consumer_group_describe::DescribedGroup<'static> {
        error_code, error_message, group_id, group_state, group_epoch, assignment_epoch, assignor_name, members,
        authorized_operations,
    }
    consumer_group_describe::Member<'static> {
        member_id, instance_id, rack_id, member_epoch, client_id, client_host, subscribed_topic_names,
        subscribed_topic_regex, assignment, target_assignment, member_type,
    }
    consumer_group_describe::Assignment<'static> { topic_partitions }
    consumer_group_describe::TopicPartitions<'static> { topic_id, topic_name, partitions }

    txn_offset_commit::TxnOffsetCommitRequest<'static> {
        transactional_id, group_id, producer_id, producer_epoch, generation_id, member_id, group_instance_id, topics,
    }
    txn_offset_commit::TxnOffsetCommitRequestTopic<'static> { name, partitions }
    txn_offset_commit::TxnOffsetCommitRequestPartition<'static> {
        partition_index, committed_offset, committed_leader_epoch, committed_metadata,
    }
    txn_offset_commit::TxnOffsetCommitResponse<'static> { throttle_time_ms, topics }
    txn_offset_commit::TxnOffsetCommitResponseTopic<'static> { name, partitions }
    txn_offset_commit::TxnOffsetCommitResponsePartition { partition_index, error_code }
}
