//! ConsumerGroupDescribe (key 69), versions 0-1: consumer groups and their members (KIP-848). v1 which protocol members
//! speak (KIP-1099).

use std::sync::Arc;

use coordinator::records::Partitions;
use coordinator::{DescribedConsumerGroup, DescribedConsumerMember};
use metadata::Image;
use net::Outbox;
use wire::messages::consumer_group_describe::{
    Assignment, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribedGroup, Member, TopicPartitions,
};
use wire::{Array, ErrorCode};

use super::consumer_group_heartbeat::served;
use super::groups;
use crate::api::{Call, Flow};

/// Answers each group by itself, and once.
pub fn handle(call: &Call<'_>, request: ConsumerGroupDescribeRequest<'_>, outbox: &mut Outbox) -> Flow {
    let image = Arc::clone(call.view.image());
    let describe = |group: &str| {
        served(call)?;
        groups::place(call, group)?.look(|shard| shard.describe_consumer_group(&image, group))
    };
    let (names, parts) = groups::ask_each(request.group_ids.iter(), describe, lines);
    let (asks, image) = (request.include_authorized_operations, Arc::clone(&image));
    groups::answer_all(call, outbox, parts, move |respond, results, outbox| {
        let groups = names.iter().zip(&results).map(|(name, result)| match result {
            Ok(group) => told(name, group, &image, asks),
            Err(error) => DescribedGroup { error_code: *error, group_id: name, ..Default::default() },
        });
        respond.answer(outbox, &ConsumerGroupDescribeResponse { groups: groups.collect(), ..Default::default() });
    })
}

/// Members, with the topics that are told of each.
fn lines(group: &DescribedConsumerGroup) -> usize {
    group.members.iter().map(|member| 1 + member.assigned.len() + member.target.len()).sum()
}

fn told<'r>(name: &'r str, group: &'r DescribedConsumerGroup, image: &'r Image, asks: bool) -> DescribedGroup<'r> {
    let allowed = asks && group.error == ErrorCode::NONE;
    DescribedGroup {
        error_code: group.error,
        error_message: group.error_message.as_deref(),
        group_id: name,
        group_state: group.state,
        group_epoch: group.epoch,
        assignment_epoch: group.assignment_epoch,
        assignor_name: &group.assignor,
        members: group.members.iter().map(|member| told_member(member, image)).collect(),
        authorized_operations: if allowed { groups::ALLOWED } else { groups::OPERATIONS_NOT_ASKED },
    }
}

fn told_member<'r>(member: &'r DescribedConsumerMember, image: &'r Image) -> Member<'r> {
    Member {
        member_id: &member.member_id,
        instance_id: member.instance_id.as_deref(),
        rack_id: member.rack_id.as_deref(),
        member_epoch: member.epoch,
        client_id: &member.client_id,
        client_host: &member.client_host,
        subscribed_topic_names: member.subscribed_topic_names.iter().map(AsRef::as_ref).collect(),
        subscribed_topic_regex: member.subscribed_topic_regex.as_deref(),
        assignment: named(&member.assigned, image),
        target_assignment: named(&member.target, image),
        member_type: member.member_type,
    }
}

/// Topics that are gone are not told.
fn named<'r>(partitions: &'r Partitions, image: &'r Image) -> Assignment<'r> {
    let topics = partitions.iter().filter_map(|(topic_id, partitions)| {
        let topic_name = &image.topic_by_id(*topic_id)?.name;
        let partitions: Array<'_, i32> = partitions.iter().copied().collect();
        Some(TopicPartitions { topic_id: *topic_id, topic_name, partitions })
    });
    Assignment { topic_partitions: topics.collect() }
}
