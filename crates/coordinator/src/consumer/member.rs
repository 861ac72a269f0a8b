//! A member of a consumer group.

use std::sync::Arc;
use std::time::Duration;

use crate::records::{ClassicMemberMetadata, ConsumerGroupMemberMetadata, CurrentMemberAssignment, Epochs, Partitions};

/// How far a member is between what it has and what it shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberState {
    /// It has what it shall have in its epoch.
    Stable,
    /// It was told to give partitions up and has not said that it did.
    UnrevokedPartitions,
    /// It has what is free, and waits for partitions that others have not given up.
    UnreleasedPartitions,
    /// A later version knows.
    Unknown,
}

impl MemberState {
    /// Kafka's number.
    pub(super) fn number(self) -> i8 {
        match self {
            MemberState::Stable => 0,
            MemberState::UnrevokedPartitions => 1,
            MemberState::UnreleasedPartitions => 2,
            MemberState::Unknown => 127,
        }
    }

    pub(super) fn of_number(number: i8) -> MemberState {
        match number {
            0 => MemberState::Stable,
            1 => MemberState::UnrevokedPartitions,
            2 => MemberState::UnreleasedPartitions,
            _ => MemberState::Unknown,
        }
    }
}

/// A member.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) wants: ConsumerGroupMemberMetadata,
    pub(super) epoch: i32,
    pub(super) previous_epoch: i32,
    pub(super) state: MemberState,
    pub(super) assigned: Partitions,
    pub(super) pending_revocation: Partitions,
}

impl Member {
    /// A member that has said nothing yet.
    pub(super) fn new() -> Member {
        Member {
            wants: ConsumerGroupMemberMetadata {
                instance_id: None,
                rack_id: None,
                client_id: "".into(),
                client_host: "".into(),
                subscribed_topic_names: Vec::new(),
                subscribed_topic_regex: None,
                rebalance_timeout_ms: -1,
                server_assignor: None,
                classic: None,
            },
            epoch: 0,
            previous_epoch: -1,
            state: MemberState::Stable,
            assigned: Partitions::new(),
            pending_revocation: Partitions::new(),
        }
    }

    pub(super) fn is_reconciled_to(&self, epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == epoch
    }

    /// What it said when it joined by the classic protocol; none of a member with the consumer protocol.
    pub(super) fn classic(&self) -> Option<&ClassicMemberMetadata> {
        self.wants.classic.as_ref()
    }

    /// The expression that it is subscribed to; an empty one is none.
    pub(super) fn regex(&self) -> Option<&Arc<str>> {
        self.wants.subscribed_topic_regex.as_ref().filter(|regex| !regex.is_empty())
    }

    pub(super) fn rebalance_timeout(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.wants.rebalance_timeout_ms).unwrap_or(0))
    }

    /// Without the epochs of its partitions, which the group has.
    pub(super) fn current_assignment(&self) -> CurrentMemberAssignment {
        CurrentMemberAssignment {
            member_epoch: self.epoch,
            previous_member_epoch: self.previous_epoch,
            state: self.state.number(),
            assigned: self.assigned.clone(),
            pending_revocation: self.pending_revocation.clone(),
            epochs: Epochs::new(),
        }
    }
}
