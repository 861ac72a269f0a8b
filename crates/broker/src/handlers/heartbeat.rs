//! Heartbeat (key 12), versions 0-4: a member of a group is alive. v3 static members (KIP-345), v4 flexible.

use net::Outbox;
use record::Uuid;
use wire::ErrorCode;
use wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};

use super::groups;
use crate::api::{Call, Flow};

/// While the group is loaded, the member is told that all is well, as Apache Kafka does: its session begins after that.
pub fn handle(call: &Call<'_>, request: HeartbeatRequest<'_>, outbox: &mut Outbox) -> Flow {
    let place = groups::place(call, request.group_id);
    let ran = place.and_then(|place| place.run(Uuid::ZERO, |shard, step| shard.heartbeat(step, &request)));
    groups::answer(call, outbox, ran, |respond, result, outbox| {
        let error_code = match result {
            Ok(code) => code,
            Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS) => ErrorCode::NONE,
            Err(error) => error,
        };
        respond.answer(outbox, &HeartbeatResponse { error_code, ..Default::default() });
    })
}
