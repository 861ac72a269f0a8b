//! ExplainGroup: what happened to a group lately, and why. An API of Ottla's own, which Kafka does not have: ApiVersions does
//! not tell it, and a broker of Kafka's closes the connection.

use crate::{Array, ErrorCode, Message};

/// Which group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 20001, versions = 0..=0)]
pub struct ExplainGroupRequest<'a> {
    /// The group.
    pub group_id: &'a str,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 20001, versions = 0..=0)]
pub struct ExplainGroupResponse<'a> {
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The oldest first; what happened before the broker started is not known.
    pub entries: Array<'a, ExplainGroupEntry<'a>>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ExplainGroupEntry<'a> {
    /// When, in milliseconds since 1970.
    pub timestamp: i64,
    /// What, as a sentence.
    pub text: &'a str,
}
