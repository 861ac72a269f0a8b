//! SaslAuthenticate: one token of a SASL exchange (KIP-152).
//!
//! - 1: how long the session lasts (KIP-368).
//! - 2: flexible (KIP-482).

use crate::{ErrorCode, Message};

/// The client's token.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 36, versions = 0..=2, flexible = 2..)]
pub struct SaslAuthenticateRequest<'a> {
    /// As the mechanism defines it.
    pub auth_bytes: &'a [u8],
}

/// The broker's.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 36, versions = 0..=2, flexible = 2..)]
pub struct SaslAuthenticateResponse<'a> {
    /// Why the exchange has failed, or none.
    pub error_code: ErrorCode,
    /// More than the code says by itself.
    pub error_message: Option<&'a str>,
    /// As the mechanism defines it.
    pub auth_bytes: &'a [u8],
    /// After how long the client has to authenticate again, in milliseconds; 0: never.
    #[kafka(versions = 1..)]
    pub session_lifetime_ms: i64,
}
