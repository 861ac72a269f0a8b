//! AlterClientQuotas (key 49), versions 0-1: sets and removes quotas (KIP-546). v1 flexible.
//!
//! Nobody is held to a quota yet, so none is taken.

use net::Outbox;
use wire::ErrorCode;
use wire::messages::alter_client_quotas::{AlterClientQuotasRequest, AlterClientQuotasResponse, EntryData};

use crate::api::{Call, Flow};

/// Refuses each entry, with a reason.
pub fn handle(call: &Call<'_>, request: AlterClientQuotasRequest<'_>, outbox: &mut Outbox) -> Flow {
    let entries = request.entries.iter().map(|entry| EntryData {
        error_code: ErrorCode::INVALID_REQUEST,
        error_message: Some("Client quotas are not served by this version: nobody would be held to them"),
        entity: entry.entity,
    });
    call.answer(outbox, &AlterClientQuotasResponse { entries: entries.collect(), ..Default::default() });
    Flow::Done
}
