//! What to do about an error code. Pure.

use wire::ErrorCode;

/// Which request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Join,
    Sync,
    Heartbeat,
    ConsumerHeartbeat,
    Commit,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// All is well.
    Go,
    /// The same again after a pause.
    Again,
    /// The same again at another broker, after a pause.
    Elsewhere,
    /// The answer has the member's id: the same again with it.
    WithId,
    /// The group rebalances: join again, with what the member has.
    Rejoin,
    /// What the member has is lost; it joins again.
    Lost,
    /// The same, and it is not known by its id any more.
    Forgotten,
    /// There is no way to go on.
    Fatal,
}

/// Decides.
pub(crate) fn react(asked: Asked, code: ErrorCode) -> Reaction {
    use Asked::{Commit, ConsumerHeartbeat, Heartbeat, Join, Sync};
    match (asked, code) {
        (_, ErrorCode::NONE) => Reaction::Go,
        (_, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS) => Reaction::Again,
        (_, ErrorCode::COORDINATOR_NOT_AVAILABLE | ErrorCode::NOT_COORDINATOR) => Reaction::Elsewhere,
        (_, ErrorCode::FENCED_INSTANCE_ID) => Reaction::Fatal,
        (Join, ErrorCode::MEMBER_ID_REQUIRED) => Reaction::WithId,
        (Join | Commit, ErrorCode::REBALANCE_IN_PROGRESS) => Reaction::Again,
        (Sync | Heartbeat, ErrorCode::REBALANCE_IN_PROGRESS) => Reaction::Rejoin,
        (Join | Sync | Heartbeat, ErrorCode::UNKNOWN_MEMBER_ID) => Reaction::Forgotten,
        (Join | Sync | Heartbeat, ErrorCode::ILLEGAL_GENERATION) => Reaction::Lost,
        (ConsumerHeartbeat, ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::FENCED_MEMBER_EPOCH) => Reaction::Lost,
        // The instance before this one has not been given up yet.
        (ConsumerHeartbeat, ErrorCode::UNRELEASED_INSTANCE_ID) => Reaction::Fatal,
        (Commit, ErrorCode::STALE_MEMBER_EPOCH) => Reaction::Again,
        // A topic that is gone does not come back while somebody waits to give its partitions up.
        (Commit, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) => Reaction::Fatal,
        (_, code) if code.is_retriable() => Reaction::Again,
        _ => Reaction::Fatal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_reaction() {
        use Reaction::{Again, Elsewhere, Fatal, Forgotten, Go, Lost, Rejoin, WithId};
        let columns = [Asked::Join, Asked::Sync, Asked::Heartbeat, Asked::ConsumerHeartbeat, Asked::Commit];
        let rows = [
            (ErrorCode::NONE, [Go; 5]),
            (ErrorCode::COORDINATOR_LOAD_IN_PROGRESS, [Again; 5]),
            (ErrorCode::COORDINATOR_NOT_AVAILABLE, [Elsewhere; 5]),
            (ErrorCode::NOT_COORDINATOR, [Elsewhere; 5]),
            (ErrorCode::MEMBER_ID_REQUIRED, [WithId, Fatal, Fatal, Fatal, Fatal]),
            (ErrorCode::REBALANCE_IN_PROGRESS, [Again, Rejoin, Rejoin, Fatal, Again]),
            (ErrorCode::UNKNOWN_MEMBER_ID, [Forgotten, Forgotten, Forgotten, Lost, Fatal]),
            (ErrorCode::ILLEGAL_GENERATION, [Lost, Lost, Lost, Fatal, Fatal]),
            (ErrorCode::FENCED_MEMBER_EPOCH, [Fatal, Fatal, Fatal, Lost, Fatal]),
            (ErrorCode::STALE_MEMBER_EPOCH, [Fatal, Fatal, Fatal, Fatal, Again]),
            (ErrorCode::FENCED_INSTANCE_ID, [Fatal; 5]),
            (ErrorCode::UNRELEASED_INSTANCE_ID, [Fatal; 5]),
            (ErrorCode::GROUP_AUTHORIZATION_FAILED, [Fatal; 5]),
            (ErrorCode::GROUP_MAX_SIZE_REACHED, [Fatal; 5]),
            (ErrorCode::INCONSISTENT_GROUP_PROTOCOL, [Fatal; 5]),
            (ErrorCode::REQUEST_TIMED_OUT, [Again; 5]),
            (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, [Again, Again, Again, Again, Fatal]),
        ];
        for (code, expected) in rows {
            assert_eq!(columns.map(|asked| react(asked, code)), expected, "{code}");
        }
    }
}
