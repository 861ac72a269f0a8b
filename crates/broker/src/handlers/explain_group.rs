//! ExplainGroup (key 20001, Ottla's own), version 0: what happened to a group lately, and why.

use net::Outbox;
use wire::ErrorCode;
use wire::messages::explain_group::{ExplainGroupEntry, ExplainGroupRequest, ExplainGroupResponse};

use super::groups;
use crate::api::{Call, Flow};
use crate::errors::MESSAGE_BYTES_MAX;

/// A group of which nothing is known, neither members nor offsets nor history, is GROUP_ID_NOT_FOUND.
pub fn handle(call: &Call<'_>, request: ExplainGroupRequest<'_>, outbox: &mut Outbox) -> Flow {
    let name = request.group_id;
    let ran = call.node.coordinators.of_group(name).and_then(|place| {
        place.look(|shard| {
            let entries: Vec<(i64, String)> =
                shard.history().of(name).map(|entry| (entry.at.0, sentence(&entry.event))).collect();
            let is_known = !entries.is_empty() || shard.has_group(name);
            is_known.then_some(entries).ok_or(ErrorCode::GROUP_ID_NOT_FOUND)
        })
    });
    groups::answer(call, outbox, ran, |respond, result, outbox| {
        let result = result.and_then(|result| result);
        let entries = result.iter().flatten().map(|(timestamp, text)| ExplainGroupEntry { timestamp: *timestamp, text });
        let response = ExplainGroupResponse {
            entries: entries.collect(),
            error_code: result.as_ref().err().copied().unwrap_or(ErrorCode::NONE),
        };
        respond.answer(outbox, &response);
    })
}

/// Ids and reasons in it came from clients.
fn sentence(event: &coordinator::Event) -> String {
    let mut text = event.to_string();
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES_MAX));
    text
}
