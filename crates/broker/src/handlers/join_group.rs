//! JoinGroup (key 11), versions 0-9: a member joins a group, and waits until all have. v4 ids in two steps (KIP-394), v5
//! static members (KIP-345), v6 flexible, v7 protocol types in answers, v8 reasons (KIP-800), v9 assignments may be kept
//! (KIP-814).

use coordinator::{Answer, JoinAnswer};
use net::Outbox;
use wire::ErrorCode;
use wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse, JoinGroupResponseMember};

use super::groups;
use crate::api::{Call, Flow, Respond};

/// Protocols may be null from here on.
const NULL_PROTOCOL_FROM: i16 = 7;

/// Answers when the group has a new generation.
pub fn handle(call: &Call<'_>, request: JoinGroupRequest<'_>, outbox: &mut Outbox) -> Flow {
    let (client, version) = (groups::client(call), call.version());
    let fresh_id = groups::fresh_id(call, request.member_id);
    let waiting = groups::named_writable_place(call, request.group_id).and_then(|place| {
        place.run_waiting(fresh_id, |shard, step, ticket| shard.join_group(step, ticket, client, version, &request))
    });
    let member_id: Box<str> = request.member_id.into();
    groups::answer_waiting(call, outbox, waiting, move |respond, result, outbox| {
        let answer = match result {
            Ok(Answer::Join(answer)) => answer,
            Ok(Answer::Sync(_)) => JoinAnswer::refused(&member_id, ErrorCode::UNKNOWN_SERVER_ERROR),
            Err(error) => JoinAnswer::refused(&member_id, error),
        };
        tell(respond, &answer, outbox);
    })
}

fn tell(respond: &Respond, answer: &JoinAnswer, outbox: &mut Outbox) {
    let members = answer.members.iter().map(|member| JoinGroupResponseMember {
        member_id: &member.member_id,
        group_instance_id: member.instance_id.as_deref(),
        metadata: &member.metadata,
    });
    let response = JoinGroupResponse {
        error_code: answer.error,
        generation_id: answer.generation,
        protocol_type: answer.protocol_type.as_deref(),
        protocol_name: answer.protocol.as_deref().or((respond.version() < NULL_PROTOCOL_FROM).then_some("")),
        leader: &answer.leader,
        skip_assignment: answer.skip_assignment,
        member_id: &answer.member_id,
        members: members.collect(),
        ..Default::default()
    };
    respond.answer(outbox, &response);
}
