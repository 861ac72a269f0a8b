//! ListGroups (key 16), versions 0-5: the groups of this broker (KIP-40). v3 flexible, v4 by state (KIP-518), v5 by type
//! (KIP-848).

use net::Outbox;
use wire::ErrorCode;
use wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};

use super::groups;
use crate::api::{Call, Flow};

/// Answers with the groups of all shards that are here; while one of them is loaded there is no answer.
pub fn handle(call: &Call<'_>, request: ListGroupsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let (states, types) = (request.states_filter.to_vec(), request.types_filter.to_vec());
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
