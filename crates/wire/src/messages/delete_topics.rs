//! DeleteTopics.
//!
//! Kafka 4 begins at version 1 (KIP-896).
//! - 1: throttle time in the response.
//! - 3: TOPIC_DELETION_DISABLED may be answered (KIP-322).
//! - 4: flexible (KIP-482).
//! - 5: error message in the response; THROTTLING_QUOTA_EXCEEDED may be answered (KIP-599).
//! - 6: by name or by id (KIP-516).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Topics to delete.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 20, versions = 1..=6, flexible = 4..)]
pub struct DeleteTopicsRequest<'a> {
    /// The topics, by name or by id.
    #[kafka(versions = 6..)]
    pub topics: Array<'a, DeleteTopicState<'a>>,
    /// The topics, by name.
    #[kafka(versions = ..=5)]
    pub topic_names: Array<'a, &'a str>,
    /// How long to wait until they are deleted, in milliseconds.
    pub timeout_ms: i32,
}

/// A topic to delete.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteTopicState<'a> {
    /// Its name; null when meant by id.
    pub name: Option<&'a str>,
    /// Its id; zero when meant by name.
    pub topic_id: Uuid,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 20, versions = 1..=6, flexible = 4..)]
pub struct DeleteTopicsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub responses: Array<'a, DeletableTopicResult<'a>>,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeletableTopicResult<'a> {
    /// Its name; null when it is not known or may not be.
    #[kafka(nullable = 6.., default = Some(""))]
    pub name: Option<&'a str>,
    /// Its id; zero when it is not known.
    #[kafka(versions = 6..)]
    pub topic_id: Uuid,
    /// Why it was not deleted, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    #[kafka(versions = 5..)]
    pub error_message: Option<&'a str>,
}
