//! SaslHandshake: names the mechanism that a client is going to authenticate with (KIP-43).
//!
//! - 1: the tokens follow in SaslAuthenticate requests (KIP-152).

use crate::{Array, ErrorCode, Message};

/// Which mechanism.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 17, versions = 0..=1)]
pub struct SaslHandshakeRequest<'a> {
    /// Such as `PLAIN`.
    pub mechanism: &'a str,
}

/// Whether the client may go on with it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 17, versions = 0..=1)]
pub struct SaslHandshakeResponse<'a> {
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// Those that the listener has.
    pub mechanisms: Array<'a, &'a str>,
}
