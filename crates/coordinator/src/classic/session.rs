//! Heartbeat, LeaveGroup, and members that are not heard of any more.

use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::heartbeat::HeartbeatRequest;

use super::LeftMember;
use super::group::State;
use super::live::{Live, NEW_MEMBER_JOIN_TIMEOUT};
use crate::{Departure, RebalanceCause};

/// A member that is to leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaver<'a> {
    pub(super) member_id: &'a str,
    pub(super) instance_id: Option<&'a str>,
    pub(super) reason: &'a str,
}

impl Leaver<'_> {
    pub(super) fn result(&self, error: ErrorCode) -> LeftMember {
        LeftMember { member_id: self.member_id.into(), instance_id: self.instance_id.map(Arc::from), error }
    }
}

impl Live<'_, '_> {
    pub(super) fn heartbeat(&mut self, request: &HeartbeatRequest<'_>) -> ErrorCode {
        let slot = match self.group.validate_member(request.member_id, request.group_instance_id) {
            Ok(slot) => slot,
            Err(error) => return error,
        };
        if request.generation_id != self.group.generation {
            self.note_fenced(slot, request.generation_id);
            return ErrorCode::ILLEGAL_GENERATION;
        }
        self.begin_session(slot);
        match self.group.state {
            State::PreparingRebalance => ErrorCode::REBALANCE_IN_PROGRESS,
            _ => ErrorCode::NONE,
        }
    }

    /// Whether a commit of the member may be taken; it is as good as a heartbeat.
    pub(super) fn commit(&mut self, member_id: &str, instance_id: Option<&str>, generation: i32) -> Result<(), ErrorCode> {
        self.group.validate_offset_commit(member_id, instance_id, generation)?;
        if let Some(slot) = self.group.members.slot(member_id) {
            self.begin_session(slot);
        }
        Ok(())
    }

    /// Has members leave; one result for each.
    pub(super) fn leave<'r>(&mut self, leavers: impl Iterator<Item = Leaver<'r>>) -> Vec<LeftMember> {
        let mut first = None;
        let results = leavers
            .map(|leaver| match self.leave_one(leaver) {
                Ok(member) => {
                    first.get_or_insert(member);
                    leaver.result(ErrorCode::NONE)
                }
                Err(error) => leaver.result(error),
            })
            .collect();
        if let Some(member) = first
            && self.group.state != State::Empty
        {
            self.rebalance(RebalanceCause::Left(member));
        }
        results
    }

    fn leave_one(&mut self, leaver: Leaver<'_>) -> Result<Arc<str>, ErrorCode> {
        if self.forget_pending(leaver.member_id) {
            return Ok(leaver.member_id.into());
        }
        // An operator knows static members by their name alone.
        let by_name = leaver.instance_id.filter(|_| leaver.member_id.is_empty());
        let slot = match by_name {
            Some(instance) => self.group.members.slot_of_instance(instance).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?,
            None => self.group.validate_member(leaver.member_id, leaver.instance_id)?,
        };
        let id = Arc::clone(&self.group.members.at(slot).id);
        let reason = leaver.reason.into();
        self.remove(&id, if by_name.is_some() { Departure::Removed(reason) } else { Departure::Left(reason) });
        Ok(id)
    }

    /// Nothing was heard of a member for its session timeout.
    pub(super) fn session_ended(&mut self, id: &Arc<str>) {
        let Some(member) = self.group.members.find(id) else { return };
        // Who waits for us is not silent. A new member that waits may be gone, and come again under another id.
        if !member.is_new && (member.joining.is_some() || member.syncing.is_some()) {
            return;
        }
        let timeout = if member.is_new { NEW_MEMBER_JOIN_TIMEOUT } else { member.session_timeout() };
        self.remove(id, Departure::SessionTimeout(timeout));
        match self.group.state {
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(RebalanceCause::Left(Arc::clone(id))),
            State::PreparingRebalance => self.complete_join_if_all_joined(),
            State::Empty => {}
        }
    }

    /// A member that was given an id did not come with it.
    pub(super) fn pending_member_expired(&mut self, id: &str) {
        if self.forget_pending(id) {
            self.complete_join_if_all_joined();
        }
    }
}
