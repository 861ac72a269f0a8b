//! Answers that may come later than the call that asked.

use std::sync::Arc;

use wire::ErrorCode;

/// Names a request that waits: each gets exactly one [`Answer`], in the step that asked or in a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a request that may wait is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To JoinGroup.
    Join(JoinAnswer),
    /// To SyncGroup.
    Sync(SyncAnswer),
}

/// To a member that joins a classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinAnswer {
    /// Why not, or none.
    pub error: ErrorCode,
    /// The generation; -1 without one.
    pub generation: i32,
    /// What kind of protocol the group speaks, such as `consumer` or `connect`.
    pub protocol_type: Option<Arc<str>>,
    /// The protocol that all members know.
    pub protocol: Option<Arc<str>>,
    /// Who assigns; empty without one.
    pub leader: Arc<str>,
    /// The leader is not to assign, all keep what they have (KIP-814).
    pub skip_assignment: bool,
    /// The member's id; the new one with MEMBER_ID_REQUIRED (KIP-394).
    pub member_id: Arc<str>,
    /// All members, for the leader alone.
    pub members: Vec<JoinedMember>,
}

/// A member as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedMember {
    /// Its id.
    pub member_id: Arc<str>,
    /// Its name over restarts (KIP-345).
    pub instance_id: Option<Arc<str>>,
    /// What it said of itself for the chosen protocol.
    pub metadata: Arc<[u8]>,
}

/// To a member that waits for its assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncAnswer {
    /// Why not, or none.
    pub error: ErrorCode,
    /// As in [`JoinAnswer`].
    pub protocol_type: Option<Arc<str>>,
    /// As in [`JoinAnswer`].
    pub protocol: Option<Arc<str>>,
    /// What the leader gave to the member.
    pub assignment: Arc<[u8]>,
}

impl JoinAnswer {
    /// A refusal.
    pub fn refused(member_id: &str, error: ErrorCode) -> JoinAnswer {
        JoinAnswer {
            error,
            generation: -1,
            protocol_type: None,
            protocol: None,
            leader: "".into(),
            skip_assignment: false,
            member_id: member_id.into(),
            members: Vec::new(),
        }
    }
}

impl SyncAnswer {
    /// A refusal.
    pub fn refused(error: ErrorCode) -> SyncAnswer {
        SyncAnswer { error, protocol_type: None, protocol: None, assignment: Arc::default() }
    }
}
