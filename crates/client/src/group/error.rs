//! Why a member of a group cannot go on.

use std::sync::Arc;

use crate::{ErrorCode, PollError, RequestError, TopicPartition};

/// A member of a group cannot do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// Records cannot be read; as with [`Consumer::next`](crate::Consumer::next).
    #[error(transparent)]
    Poll(#[from] PollError),
    /// The broker refused the member for good, such as with FENCED_INSTANCE_ID, or does not speak the group's protocol. The
    /// member is no member any more, and all further calls say so.
    #[error(transparent)]
    Group(Arc<RequestError>),
    /// Offsets were not committed.
    #[error(transparent)]
    Commit(Arc<RequestError>),
    /// The partition was given up before its offset could be committed; another member may read it now.
    #[error("{partition} is not this member's any more, its offset was not committed")]
    NotOwned {
        /// The partition.
        partition: TopicPartition,
    },
    /// A broker did not answer, or the partition is not assigned.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A pattern was subscribed to by the classic protocol, in which the broker knows nothing of topics.
    #[error("a pattern needs the consumer protocol (`GroupProtocol::Consumer`)")]
    PatternNeedsConsumerProtocol,
    /// The consumer is closed.
    #[error("the consumer is closed")]
    Closed,
}

impl GroupError {
    /// The same, for one more who waited for it.
    pub(crate) fn again(&self) -> GroupError {
        match self {
            GroupError::Commit(error) => GroupError::Commit(Arc::clone(error)),
            GroupError::Group(error) => GroupError::Group(Arc::clone(error)),
            GroupError::NotOwned { partition } => GroupError::NotOwned { partition: partition.clone() },
            _ => GroupError::Closed,
        }
    }

    /// The broker's error code, if it answered with one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            GroupError::Group(error) | GroupError::Commit(error) => error.code(),
            GroupError::Request(error) | GroupError::Poll(PollError::Request(error)) => error.code(),
            _ => None,
        }
    }
}
