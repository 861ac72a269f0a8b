//! SyncGroup.

use std::collections::HashMap;
use std::sync::Arc;

use wire::ErrorCode;
use wire::messages::sync_group::SyncGroupRequest;

use super::group::State;
use super::live::Live;
use crate::timers::Timer;
use crate::{Answer, Departure, Event, RebalanceCause, SyncAnswer, Ticket};

impl Live<'_, '_> {
    /// Takes the leader's assignment, and gives each member its part.
    pub(super) fn sync(&mut self, ticket: Ticket, request: &SyncGroupRequest<'_>) {
        let slot = match self.validate_sync(request) {
            Ok(slot) => slot,
            Err(error) => return self.refuse_sync(ticket, error),
        };
        self.group.members.set_has_to_sync(slot, false);
        if !self.group.members.any_has_to_sync() {
            self.timers.cancel(&Timer::SyncPhase(Arc::clone(self.name)));
        }
        if self.group.state == State::Stable {
            return self.answer_sync(slot, ticket);
        }
        if let Some(before) = self.group.members.set_syncing(slot, Some(ticket)) {
            // The member has asked again on another connection, nobody waits for this answer.
            self.refuse_sync(before, ErrorCode::REBALANCE_IN_PROGRESS);
        }
        if self.group.is_led_by(request.member_id) {
            self.assign(request);
        }
    }

    fn validate_sync(&mut self, request: &SyncGroupRequest<'_>) -> Result<usize, ErrorCode> {
        let slot = self.group.validate_member(request.member_id, request.group_instance_id)?;
        if request.generation_id != self.group.generation {
            self.note_fenced(slot, request.generation_id);
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        let other = |said: Option<&str>, known: &Option<Arc<str>>| {
            said.is_some_and(|said| known.as_deref().is_some_and(|known| known != said))
        };
        if other(request.protocol_type, &self.group.protocol_type) || other(request.protocol_name, &self.group.protocol)
        {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        match self.group.state {
            State::PreparingRebalance => Err(ErrorCode::REBALANCE_IN_PROGRESS),
            State::Empty => Err(ErrorCode::UNKNOWN_MEMBER_ID),
            State::CompletingRebalance | State::Stable => Ok(slot),
        }
    }

    fn assign(&mut self, request: &SyncGroupRequest<'_>) {
        let assignments = request.assignments.iter().map(|assigned| (assigned.member_id, assigned.assignment));
        let assignments: HashMap<&str, &[u8]> = assignments.collect();
        let to_members = assignments.iter().filter(|(id, _)| self.group.members.slot(id).is_some());
        let bytes = to_members.map(|(_, assignment)| assignment.len()).sum();
        if self.group.batch_bytes(self.name, bytes) > self.settings.record_bytes_max {
            return self.give_assignment_up();
        }
        for slot in 0..self.group.members.len() {
            let assignment = assignments.get(&*self.group.members.at(slot).id);
            self.group
                .members
                .set_assignment(slot, assignment.map(|&assignment| assignment.into()).unwrap_or_default());
        }
        let assigning = self.step.now.monotonic.saturating_sub(self.group.phase_began);
        self.note(Event::Assigned { generation: self.group.generation, assigning });
        self.enter(State::Stable);
        self.write();
        for slot in 0..self.group.members.len() {
            if let Some(ticket) = self.group.members.set_syncing(slot, None) {
                self.answer_sync(slot, ticket);
                self.begin_session(slot);
            }
        }
    }

    /// The assignment is too large to be written: all who wait for it are told so, and have to join again.
    fn give_assignment_up(&mut self) {
        for slot in 0..self.group.members.len() {
            if let Some(ticket) = self.group.members.set_syncing(slot, None) {
                self.refuse_sync(ticket, ErrorCode::UNKNOWN_SERVER_ERROR);
                self.begin_session(slot);
            }
        }
        self.prepare_rebalance(RebalanceCause::AssignmentLost);
    }

    fn answer_sync(&mut self, slot: usize, ticket: Ticket) {
        let answer = SyncAnswer {
            error: ErrorCode::NONE,
            protocol_type: self.group.protocol_type.clone(),
            protocol: self.group.protocol.clone(),
            assignment: Arc::clone(&self.group.members.at(slot).assignment),
        };
        self.step.answer(ticket, Answer::Sync(answer));
    }

    /// Those who have joined and never asked for their assignment are gone, static ones too.
    pub(super) fn sync_phase_ended(&mut self) {
        if !matches!(self.group.state, State::CompletingRebalance | State::Stable) {
            return;
        }
        let silent = self.group.members.iter().filter(|member| member.has_to_sync);
        let silent: Vec<Arc<str>> = silent.map(|member| Arc::clone(&member.id)).collect();
        let Some(first) = silent.first().map(Arc::clone) else { return };
        let timeout = self.group.members.rebalance_timeout();
        silent.iter().for_each(|id| self.remove(id, Departure::SyncTimeout(timeout)));
        self.prepare_rebalance(RebalanceCause::Left(first));
    }

    pub(super) fn note_fenced(&mut self, slot: usize, generation: i32) {
        let member = Arc::clone(&self.group.members.at(slot).id);
        self.note(Event::Fenced { member, epoch: generation });
    }
}
