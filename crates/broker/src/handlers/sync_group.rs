//! SyncGroup (key 14), versions 0-5: the leader hands out assignments, all others wait for theirs. v3 static members
//! (KIP-345), v4 flexible, v5 the protocol is named (KIP-559).

use coordinator::{Answer, SyncAnswer};
use net::Outbox;
use record::Uuid;
use wire::ErrorCode;
use wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};

use super::groups;
use crate::api::{Call, Flow};

/// Answers when the leader has assigned.
pub fn handle(call: &Call<'_>, request: SyncGroupRequest<'_>, outbox: &mut Outbox) -> Flow {
    let version = call.version();
    let waiting = groups::named_writable_place(call, request.group_id).and_then(|place| {
        place.run_waiting(Uuid::ZERO, |shard, step, ticket| shard.sync_group(step, ticket, version, &request))
    });
    groups::answer_waiting(call, outbox, waiting, |respond, result, outbox| {
        let answer = match result {
            Ok(Answer::Sync(answer)) => answer,
            Ok(Answer::Join(_)) => SyncAnswer::refused(ErrorCode::UNKNOWN_SERVER_ERROR),
            Err(error) => SyncAnswer::refused(error),
        };
        let response = SyncGroupResponse {
            error_code: answer.error,
            protocol_type: answer.protocol_type.as_deref(),
            protocol_name: answer.protocol.as_deref(),
            assignment: &answer.assignment,
            ..Default::default()
        };
        respond.answer(outbox, &response);
    })
}
