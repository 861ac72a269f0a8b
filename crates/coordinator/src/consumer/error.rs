//! Why a consumer group refuses a request, in Kafka's words.

use std::sync::Arc;

use wire::ErrorCode;

use super::{ConsumerHeartbeatAnswer, DescribedConsumerGroup};
use crate::message::shown;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConsumerGroupError {
    /// A field is not what it must be.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The operator has switched the protocol off.
    #[error("The version of API is not supported.")]
    Disabled,
    /// There is no such group.
    #[error("Consumer group {} not found.", shown(.0))]
    GroupNotFound(Box<str>),
    /// There is no such group, of any kind.
    #[error("Group {} not found.", shown(.0))]
    GroupIdNotFound(Box<str>),
    /// The group is of another kind.
    #[error("Group {} is not a consumer group.", shown(.0))]
    NotAConsumerGroup(Box<str>),
    /// A classic group may not become a consumer group.
    #[error("Cannot upgrade classic group {} to consumer group because {}", shown(.0), .1)]
    NoUpgrade(Arc<str>, &'static str),
    /// There is no such member.
    #[error("Member {} is not a member of group {}.", shown(.member), shown(.group))]
    UnknownMember {
        /// Who.
        member: Box<str>,
        /// Where.
        group: Arc<str>,
    },
    /// There is no such static member.
    #[error("Instance id {} is unknown.", shown(.0))]
    UnknownInstance(Box<str>),
    /// The instance id is another member's by now.
    #[error(
        "Static member {} with instance id {} was fenced by member {}.",
        shown(.member),
        shown(.instance),
        shown(.owner)
    )]
    FencedInstance {
        /// Who.
        member: Box<str>,
        /// By which name.
        instance: Box<str>,
        /// Whose name it is.
        owner: Arc<str>,
    },
    /// The instance id is another member's, who has not left.
    #[error(
        "Static member {} with instance id {} cannot join the group because the instance id is owned by {} member.",
        shown(.member),
        shown(.instance),
        shown(.owner)
    )]
    UnreleasedInstance {
        /// Who.
        member: Box<str>,
        /// By which name.
        instance: Box<str>,
        /// Whose name it is.
        owner: Arc<str>,
    },
    /// The member is not where it says it is.
    #[error(
        "The consumer group member has a {than} member epoch ({received}) than the one known by the group coordinator ({known}). The member must abandon all its partitions and rejoin."
    )]
    FencedEpoch {
        /// `greater` or `smaller`.
        than: &'static str,
        /// What it said.
        received: i32,
        /// Where it is.
        known: i32,
    },
    /// The member's state was written by a later version.
    #[error("The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.")]
    UnknownState,
    /// There is no room.
    #[error("The consumer group has reached its maximum capacity of {0} members.")]
    GroupFull(usize),
    /// What the member wants cannot be written.
    #[error("The record of the member would be larger than {0} bytes.")]
    RecordTooLarge(usize),
    /// There is no such assignor.
    #[error("ServerAssignor {} is not supported. Supported assignors: {known}.", shown(.name))]
    UnsupportedAssignor {
        /// What was wished for.
        name: Box<str>,
        /// What there is.
        known: String,
    },
    /// The expression is not one.
    #[error("SubscribedTopicRegex `{}` is not a valid regular expression: {}.", shown(.regex), shown(.reason))]
    InvalidRegex {
        /// What was given.
        regex: Box<str>,
        /// Why not.
        reason: String,
    },
}

impl ConsumerGroupError {
    /// Kafka's code.
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            ConsumerGroupError::InvalidRequest(_) => ErrorCode::INVALID_REQUEST,
            ConsumerGroupError::Disabled => ErrorCode::UNSUPPORTED_VERSION,
            ConsumerGroupError::GroupNotFound(_)
            | ConsumerGroupError::GroupIdNotFound(_)
            | ConsumerGroupError::NotAConsumerGroup(_)
            | ConsumerGroupError::NoUpgrade(..) => ErrorCode::GROUP_ID_NOT_FOUND,
            ConsumerGroupError::UnknownMember { .. } | ConsumerGroupError::UnknownInstance(_) => {
                ErrorCode::UNKNOWN_MEMBER_ID
            }
            ConsumerGroupError::FencedInstance { .. } => ErrorCode::FENCED_INSTANCE_ID,
            ConsumerGroupError::UnreleasedInstance { .. } => ErrorCode::UNRELEASED_INSTANCE_ID,
            ConsumerGroupError::FencedEpoch { .. } | ConsumerGroupError::UnknownState => ErrorCode::FENCED_MEMBER_EPOCH,
            ConsumerGroupError::GroupFull(_) => ErrorCode::GROUP_MAX_SIZE_REACHED,
            ConsumerGroupError::RecordTooLarge(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
            ConsumerGroupError::UnsupportedAssignor { .. } => ErrorCode::UNSUPPORTED_ASSIGNOR,
            ConsumerGroupError::InvalidRegex { .. } => ErrorCode::INVALID_REGULAR_EXPRESSION,
        }
    }
}

impl ConsumerHeartbeatAnswer {
    pub(super) fn refused(error: &ConsumerGroupError) -> ConsumerHeartbeatAnswer {
        ConsumerHeartbeatAnswer {
            error: error.code(),
            error_message: Some(error.to_string().into()),
            member_id: None,
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            assignment: None,
        }
    }
}

impl DescribedConsumerGroup {
    pub(super) fn refused(error: &ConsumerGroupError) -> DescribedConsumerGroup {
        DescribedConsumerGroup {
            error: error.code(),
            error_message: Some(error.to_string().into()),
            state: "",
            epoch: 0,
            assignment_epoch: 0,
            assignor: "".into(),
            members: Vec::new(),
        }
    }
}
