//! DescribeGroups.

use std::sync::Arc;

use wire::ErrorCode;

use super::group::ClassicGroup;
use super::members::Member;
use super::{DescribedGroup, DescribedMember};
use crate::Shard;
use crate::message::shown;
use crate::shard::Group;

/// From here on a group that is not there is an error (KIP-1043).
const NOT_FOUND_SINCE: i16 = 6;

impl Shard {
    /// DescribeGroups, of one group.
    pub fn describe_group(&self, version: i16, group: &str) -> DescribedGroup {
        match self.groups.get(group) {
            Some(Group::Classic(group)) => group.describe(),
            Some(Group::Consumer(_)) => dead(version, format!("Group {} is not a classic group.", shown(group))),
            None => dead(version, format!("Group {} not found.", shown(group))),
        }
    }
}

impl ClassicGroup {
    fn describe(&self) -> DescribedGroup {
        // What members say of themselves is told of the protocol that they have agreed on.
        let protocol = self.protocol().filter(|_| self.is_stable());
        let members = self.members().iter().map(|member| describe_member(member, protocol.map(|protocol| &**protocol)));
        DescribedGroup {
            error: ErrorCode::NONE,
            error_message: None,
            state: self.state_name(),
            protocol_type: self.protocol_type().cloned().unwrap_or_default(),
            protocol: protocol.cloned().unwrap_or_default(),
            members: members.collect(),
        }
    }
}

fn describe_member(member: &Member, protocol: Option<&str>) -> DescribedMember {
    DescribedMember {
        member_id: Arc::clone(&member.id),
        instance_id: member.instance_id.clone(),
        client_id: Arc::clone(&member.client_id),
        client_host: Arc::clone(&member.client_host),
        metadata: protocol.map(|protocol| member.metadata(protocol)).unwrap_or_default(),
        assignment: Arc::clone(&member.assignment),
    }
}

fn dead(version: i16, message: String) -> DescribedGroup {
    let (error, error_message) = match version {
        NOT_FOUND_SINCE.. => (ErrorCode::GROUP_ID_NOT_FOUND, Some(message.into())),
        _ => (ErrorCode::NONE, None),
    };
    DescribedGroup {
        error,
        error_message,
        state: "Dead",
        protocol_type: Arc::default(),
        protocol: Arc::default(),
        members: Vec::new(),
    }
}
