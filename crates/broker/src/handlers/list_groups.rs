//! ListGroups (key 16), versions 0-5: the groups of this broker (KIP-40). v3 flexible, v4 by state (KIP-518), v5 by type
//! (KIP-848). Tools ask it as soon as they connect; groups are not served yet, so there are none.

use net::Outbox;
use wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse};

use crate::api::{Call, Flow};

/// Answers that there is none.
pub fn handle(call: &Call<'_>, _request: ListGroupsRequest<'_>, outbox: &mut Outbox) -> Flow {
    call.answer(outbox, &ListGroupsResponse::default());
    Flow::Done
}
