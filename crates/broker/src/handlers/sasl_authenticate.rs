//! SaslAuthenticate (key 36), versions 0-2: refused, as Apache Kafka does on a listener without SASL. v1 session lifetime
//! (KIP-368), v2 flexible.

use net::Outbox;
use wire::ErrorCode;
use wire::messages::sasl_authenticate::{SaslAuthenticateRequest, SaslAuthenticateResponse};

use crate::api::{Call, Flow};

/// There is nothing to authenticate for.
pub fn handle(call: &Call<'_>, _request: SaslAuthenticateRequest<'_>, outbox: &mut Outbox) -> Flow {
    let response = SaslAuthenticateResponse {
        error_code: ErrorCode::ILLEGAL_SASL_STATE,
        error_message: Some("this listener has no SASL authentication"),
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}
