//! SaslHandshake (key 17), versions 0-1: refused, as Apache Kafka does on a listener without SASL. v1 SaslAuthenticate (KIP-152).

use net::Outbox;
use wire::ErrorCode;
use wire::messages::sasl_handshake::{SaslHandshakeRequest, SaslHandshakeResponse};

use crate::api::{Call, Flow};

/// No listener has mechanisms.
pub fn handle(call: &Call<'_>, _request: SaslHandshakeRequest<'_>, outbox: &mut Outbox) -> Flow {
    call.answer(outbox, &SaslHandshakeResponse { error_code: ErrorCode::ILLEGAL_SASL_STATE, ..Default::default() });
    Flow::Done
}
