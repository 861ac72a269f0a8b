//! LeaveGroup (key 13), versions 0-5: members leave a group. v3 many at once, also by static name (KIP-345), v4 flexible,
//! v5 reasons (KIP-800).

use coordinator::LeaveAnswer;
use net::Outbox;
use record::Uuid;
use wire::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberResponse};

use super::groups;
use crate::api::{Call, Flow};

/// Members are answered one by one from here on.
const BY_MEMBER_FROM: i16 = 3;

/// Answers at once.
pub fn handle(call: &Call<'_>, request: LeaveGroupRequest<'_>, outbox: &mut Outbox) -> Flow {
    let version = call.version();
    let place = groups::named_writable_place(call, request.group_id);
    let ran = place.and_then(|place| place.run(Uuid::ZERO, |shard, step| shard.leave_group(step, version, &request)));
    groups::answer(call, outbox, ran, |respond, result, outbox| {
        let answer = result.unwrap_or_else(|error| LeaveAnswer { error, members: Vec::new() });
        // An old request has one member, whose error is that of the whole.
        let of_member = answer.members.first().map(|member| member.error);
        let is_old = respond.version() < BY_MEMBER_FROM;
        let error_code = of_member.filter(|_| is_old && answer.error.is_none()).unwrap_or(answer.error);
        let members = answer.members.iter().map(|member| MemberResponse {
            member_id: &member.member_id,
            group_instance_id: member.instance_id.as_deref(),
            error_code: member.error,
        });
        let response = LeaveGroupResponse { error_code, members: members.collect(), ..Default::default() };
        respond.answer(outbox, &response);
    })
}
