//! CreateAcls (key 30), versions 1-3: new rules of access (KIP-140). v2 flexible, v3 user resources (KIP-373).
//!
//! There is no authorizer that could hold them.

use net::Outbox;
use wire::ErrorCode;
use wire::messages::create_acls::{AclCreationResult, CreateAclsRequest, CreateAclsResponse};

use crate::api::{Call, Flow};

/// What Kafka says where rules would be changed.
pub const NO_AUTHORIZER: &str = "No Authorizer is configured.";

/// Answers what Kafka does without an authorizer: that of each rule.
pub fn handle(call: &Call<'_>, request: CreateAclsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let refused = AclCreationResult { error_code: ErrorCode::SECURITY_DISABLED, error_message: Some(NO_AUTHORIZER) };
    let results = request.creations.iter().map(|_| refused.clone()).collect();
    call.answer(outbox, &CreateAclsResponse { results, ..Default::default() });
    Flow::Done
}
