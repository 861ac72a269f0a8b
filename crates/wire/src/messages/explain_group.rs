//! ExplainGroup: what has happened to a group, and why. Ottla's own; Kafka has nothing like it, and ApiVersions does not
//! tell of it.

use crate::{Array, ErrorCode, Message};

/// Which group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 20001, versions = 0..=0, flexible = 0..)]
pub struct ExplainGroupRequest<'a> {
    /// Its id.
    pub group_id: &'a str,
}

/// What the coordinator remembers.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 20001, versions = 0..=0, flexible = 0..)]
pub struct ExplainGroupResponse<'a> {
    /// Why there is no answer, or none.
    pub error_code: ErrorCode,
    /// What happened, the oldest first.
    pub entries: Array<'a, ExplainedEvent<'a>>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ExplainedEvent<'a> {
    /// When, in milliseconds since 1970.
    pub timestamp: i64,
    /// What, and why.
    pub text: &'a str,
}
