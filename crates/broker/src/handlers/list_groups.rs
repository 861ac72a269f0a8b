//! ListGroups (key 16), versions 0-5: the groups of this broker (KIP-40). v3 flexible, v4 by state (KIP-518), v5 by type
//! (KIP-848).

use net::Outbox;
use wire::ErrorCode;
use wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};

use super::groups;
use crate::api::{Call, Flow};

/// The states that groups of all types have.
const STATES: [&str; 7] =
    ["Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Assigning", "Reconciling", "Dead"];
/// The types of groups.
const TYPES: [&str; 2] = ["classic", "consumer"];

/// Answers with the groups of all shards that are here; while one of them is loaded there is no answer.
pub fn handle(call: &Call<'_>, request: ListGroupsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let states = known(request.states_filter.iter().map(str::trim), &STATES);
    let types = known(request.types_filter.iter(), &TYPES);
    let places = call.node.coordinators.all();
    let parts = places.iter().map(|place| place.look(|shard| shard.list_groups(&states, &types)));
    groups::answer_all(call, outbox, parts.collect(), |respond, results, outbox| {
        let refused = |result: &Result<_, ErrorCode>| result.as_ref().err().copied();
        // A shard that went away meanwhile is another broker's, which is asked too.
        let error = results.iter().filter_map(refused).find(|error| *error != ErrorCode::NOT_COORDINATOR);
        let listed = results.iter().flatten().flatten().filter(|_| error.is_none());
        let groups = listed.map(|group: &coordinator::ListedGroup| ListedGroup {
            group_id: &group.group,
            protocol_type: &group.protocol_type,
            group_state: group.state,
            group_type: group.group_type,
        });
        let response = ListGroupsResponse {
            error_code: error.unwrap_or(ErrorCode::NONE),
            groups: groups.collect(),
            ..Default::default()
        };
        respond.answer(outbox, &response);
    })
}

/// What of `all` is wanted, so that each group is held against a few names, however many a request has. Nothing where
/// everything is; where only what does not exist is wanted, a name that no group has.
fn known<'n>(wanted: impl Iterator<Item = &'n str>, all: &[&'static str]) -> Vec<&'static str> {
    let (mut known, mut is_asked) = (Vec::new(), false);
    for name in wanted {
        is_asked = true;
        let found = all.iter().find(|known| known.eq_ignore_ascii_case(name));
        known.extend(found.filter(|found| !known.contains(*found)));
    }
    if is_asked && known.is_empty() {
        known.push("");
    }
    known
}
