//! ConsumerGroupHeartbeat (key 68), versions 0-1: a member of a consumer group reports and is told what it shall read
//! (KIP-848). v1 subscriptions by an expression, and ids that members make themselves (KIP-1082).

use coordinator::ConsumerHeartbeatAnswer;
use net::Outbox;
use wire::messages::consumer_group_heartbeat::{
    Assignment, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};
use wire::{Array, ErrorCode};

use super::groups;
use crate::api::{Call, Flow, Respond};
use crate::features;

/// Answers at once.
pub fn handle(call: &Call<'_>, request: ConsumerGroupHeartbeatRequest<'_>, outbox: &mut Outbox) -> Flow {
    let (client, version) = (groups::client(call), call.version());
    let fresh_id = groups::fresh_id(call, request.member_id);
    let ran = served(call).and_then(|()| groups::writable_place(call, request.group_id)).and_then(|place| {
        place.run(fresh_id, |shard, step| shard.consumer_group_heartbeat(step, client, version, &request))
    });
    groups::answer(call, outbox, ran, |respond, result, outbox| match result {
        Ok(answer) => tell(respond, &answer, outbox),
        Err(error_code) => {
            respond.answer(outbox, &ConsumerGroupHeartbeatResponse { error_code, ..Default::default() });
        }
    })
}

/// Consumer groups are served where the operator has not switched them off.
///
/// # Errors
/// UNSUPPORTED_VERSION.
pub fn served(call: &Call<'_>) -> Result<(), ErrorCode> {
    let configured = call.node.config.groups.settings.serves_consumer_protocol;
    let served = configured && features::finalized(call.view.image()).any(|(name, _)| name == "group.version");
    served.then_some(()).ok_or(ErrorCode::UNSUPPORTED_VERSION)
}

fn tell(respond: &Respond, answer: &ConsumerHeartbeatAnswer, outbox: &mut Outbox) {
    let assignment = answer.assignment.as_ref().map(|partitions| Assignment {
        topic_partitions: partitions
            .iter()
            .map(|(topic_id, partitions)| TopicPartitions {
                topic_id: *topic_id,
                partitions: partitions.iter().copied().collect::<Array<'_, i32>>(),
            })
            .collect(),
    });
    let response = ConsumerGroupHeartbeatResponse {
        error_code: answer.error,
        error_message: answer.error_message.as_deref(),
        member_id: answer.member_id.as_deref(),
        member_epoch: answer.member_epoch,
        heartbeat_interval_ms: answer.heartbeat_interval_ms,
        assignment,
        ..Default::default()
    };
    respond.answer(outbox, &response);
}
