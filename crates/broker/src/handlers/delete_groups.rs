//! DeleteGroups (key 42), versions 0-2: removes groups without members (KIP-229). v2 flexible.

use net::Outbox;
use record::Uuid;
use wire::messages::delete_groups::{DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse};

use super::groups;
use crate::api::{Call, Flow};

/// Answers each group by itself, and once.
pub fn handle(call: &Call<'_>, request: DeleteGroupsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let delete = |group: &str| {
        let place = groups::writable_place(call, group)?;
        place.run(Uuid::ZERO, |shard, step| shard.delete_group(step, group))
    };
    let (names, parts) = groups::ask_each(request.groups_names.iter(), delete, |_| 0);
    groups::answer_all(call, outbox, parts, move |respond, results, outbox| {
        let results = names.iter().zip(results).map(|(name, result)| DeletableGroupResult {
            group_id: name,
            error_code: result.unwrap_or_else(|error| error),
        });
        respond.answer(outbox, &DeleteGroupsResponse { results: results.collect(), ..Default::default() });
    })
}
