//! DescribeAcls (key 29), versions 1-3: rules of access (KIP-140). v2 flexible, v3 user resources (KIP-373).
//!
//! There is no authorizer: everybody may do everything, and there are no rules to tell.

use net::Outbox;
use wire::ErrorCode;
use wire::messages::describe_acls::{DescribeAclsRequest, DescribeAclsResponse};

use crate::api::{Call, Flow};

/// Answers what Kafka does without an authorizer.
pub fn handle(call: &Call<'_>, _request: DescribeAclsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let response = DescribeAclsResponse {
        error_code: ErrorCode::SECURITY_DISABLED,
        error_message: Some("No Authorizer is configured on the broker"),
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}
