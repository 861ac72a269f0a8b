//! DescribeGroups (key 15), versions 0-6: classic groups and their members. v3 what a client may do (KIP-430), v4 static
//! members, v5 flexible, v6 GROUP_ID_NOT_FOUND (KIP-1043).

use coordinator::DescribedGroup;
use net::Outbox;
use wire::ErrorCode;
use wire::messages::describe_groups as messages;
use wire::messages::describe_groups::{DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroupMember};

use super::groups;
use crate::api::{Call, Flow};

/// Answers each group by itself, and once.
pub fn handle(call: &Call<'_>, request: DescribeGroupsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let version = call.version();
    let describe = |group: &str| {
        let place = call.node.coordinators.of_group(group)?;
        place.look(|shard| shard.describe_group(version, group))
    };
    let (names, parts) = groups::ask_each(request.groups.iter(), describe, |group| group.members.len());
    let asks = request.include_authorized_operations;
    groups::answer_all(call, outbox, parts, move |respond, results, outbox| {
        let groups = names.iter().zip(&results).map(|(name, result)| match result {
            Ok(group) => told(name, group, asks),
            Err(error) => messages::DescribedGroup { error_code: *error, group_id: name, ..Default::default() },
        });
        respond.answer(outbox, &DescribeGroupsResponse { groups: groups.collect(), ..Default::default() });
    })
}

fn told<'r>(name: &'r str, group: &'r DescribedGroup, asks: bool) -> messages::DescribedGroup<'r> {
    let members = group.members.iter().map(|member| DescribedGroupMember {
        member_id: &member.member_id,
        group_instance_id: member.instance_id.as_deref(),
        client_id: &member.client_id,
        client_host: &member.client_host,
        member_metadata: &member.metadata,
        member_assignment: &member.assignment,
    });
    let allowed = asks && group.error == ErrorCode::NONE;
    messages::DescribedGroup {
        error_code: group.error,
        error_message: group.error_message.as_deref(),
        group_id: name,
        group_state: group.state,
        protocol_type: &group.protocol_type,
        protocol_data: &group.protocol,
        members: members.collect(),
        authorized_operations: if allowed { groups::ALLOWED } else { groups::OPERATIONS_NOT_ASKED },
    }
}
