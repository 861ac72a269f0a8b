//! DeleteAcls (key 31), versions 1-3: deletes rules of access (KIP-140). v2 flexible, v3 user resources (KIP-373).
//!
//! There is no authorizer that could have any.

use net::Outbox;
use wire::ErrorCode;
use wire::messages::delete_acls::{DeleteAclsFilterResult, DeleteAclsRequest, DeleteAclsResponse};

use super::create_acls::NO_AUTHORIZER;
use crate::api::{Call, Flow};

/// Answers what Kafka does without an authorizer: that of each filter.
pub fn handle(call: &Call<'_>, request: DeleteAclsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let refused = DeleteAclsFilterResult {
        error_code: ErrorCode::SECURITY_DISABLED,
        error_message: Some(NO_AUTHORIZER),
        ..Default::default()
    };
    let filter_results = request.filters.iter().map(|_| refused.clone()).collect();
    call.answer(outbox, &DeleteAclsResponse { filter_results, ..Default::default() });
    Flow::Done
}
