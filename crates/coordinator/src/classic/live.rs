//! A classic group with all that it acts on in a step, and how one generation follows another.

use std::sync::Arc;
use std::time::Duration;

use wire::ErrorCode;

use super::group::{ClassicGroup, InitialDelay, State};
use super::members::Member;
use crate::history::History;
use crate::timers::{Timer, Timers};
use crate::{Answer, Departure, Event, JoinAnswer, RebalanceCause, Settings, Step, SyncAnswer, Ticket};

/// A member that was never told its id cannot report: its JoinGroup may wait for this long, then it has to come again.
pub(super) const NEW_MEMBER_JOIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// When only static members are left and none has joined, they are waited for again, for so long at least: a member may
/// ask not to be waited for at all.
const NOBODY_JOINED_WAIT_MIN: Duration = Duration::from_secs(1);

/// A group at work.
pub(super) struct Live<'a, 's> {
    pub(super) name: &'a Arc<str>,
    pub(super) group: &'a mut ClassicGroup,
    pub(super) timers: &'a mut Timers,
    pub(super) history: &'a mut History,
    pub(super) settings: &'a Settings,
    pub(super) step: &'a mut Step<'s>,
}

impl Live<'_, '_> {
    /// Has all members join again, unless they are asked to already.
    pub(super) fn rebalance(&mut self, cause: RebalanceCause) {
        match self.group.state {
            State::PreparingRebalance => self.complete_join_of_running_group(),
            _ => self.prepare_rebalance(cause),
        }
    }

    /// Begins the join phase.
    pub(super) fn prepare_rebalance(&mut self, cause: RebalanceCause) {
        if self.group.state == State::CompletingRebalance {
            self.cancel_assignments();
        }
        self.end_sync_phase();
        self.group.from_empty = self.group.state == State::Empty;
        self.enter(State::PreparingRebalance);
        self.note(Event::RebalanceBegan { cause });
        if self.group.from_empty {
            self.begin_initial_delay();
        } else if self.group.all_joined() {
            self.complete_join();
        } else {
            self.set_join_timer(self.group.members.rebalance_timeout());
        }
    }

    fn begin_initial_delay(&mut self) {
        let delay = self.settings.initial_rebalance_delay;
        let remaining = self.group.members.rebalance_timeout().saturating_sub(delay);
        self.group.initial = Some(InitialDelay { delay, remaining });
        self.group.newcomers = false;
        self.set_join_timer(delay);
    }

    /// The time to join is over, or the time that a new group waits for more members.
    pub(super) fn join_phase_ended(&mut self) {
        let Some(initial) = self.group.initial.filter(|_| self.group.newcomers) else { return self.complete_join() };
        if initial.remaining.is_zero() {
            return self.complete_join();
        }
        let delay = self.settings.initial_rebalance_delay.min(initial.remaining);
        let remaining = initial.remaining.saturating_sub(initial.delay);
        self.group.initial = Some(InitialDelay { delay, remaining });
        self.group.newcomers = false;
        self.set_join_timer(delay);
    }

    /// Ends the join phase if all have joined; a new group waits for its delay nevertheless.
    pub(super) fn complete_join_of_running_group(&mut self) {
        if !self.group.from_empty {
            self.complete_join_if_all_joined();
        }
    }

    /// Ends the join phase if all have joined.
    pub(super) fn complete_join_if_all_joined(&mut self) {
        if self.group.state == State::PreparingRebalance && self.group.all_joined() {
            self.complete_join();
        }
    }

    /// Begins the next generation with those who have joined, and static members who may still come (KIP-345).
    fn complete_join(&mut self) {
        self.timers.cancel(&Timer::JoinPhase(Arc::clone(self.name)));
        self.group.initial = None;
        self.remove_absent();
        if !self.elect() {
            return self.set_join_timer(self.group.members.rebalance_timeout().max(NOBODY_JOINED_WAIT_MIN));
        }
        self.group.generation = self.group.generation.checked_add(1).unwrap_or(1);
        self.group.protocol = self.group.members.favourite();
        self.group.forget_subscriptions();
        self.note(Event::Generation {
            generation: self.group.generation,
            members: self.group.members.len(),
            leader: self.group.leader.clone().unwrap_or_default(),
            joining: self.step.now.monotonic.saturating_sub(self.group.phase_began),
        });
        if self.group.members.is_empty() {
            self.enter(State::Empty);
            self.write();
        } else {
            self.enter(State::CompletingRebalance);
            self.answer_joins();
            let until = self.step.now.monotonic + self.group.members.rebalance_timeout();
            self.timers.set(Timer::SyncPhase(Arc::clone(self.name)), until);
        }
    }

    fn remove_absent(&mut self) {
        let absent = |member: &&Member| member.joining.is_none() && member.instance_id.is_none();
        let gone: Vec<Arc<str>> =
            self.group.members.iter().filter(absent).map(|member| Arc::clone(&member.id)).collect();
        for id in gone {
            let timeout = self.group.members.find(&id).map(Member::rebalance_timeout).unwrap_or_default();
            self.remove(&id, Departure::RebalanceTimeout(timeout));
        }
    }

    /// Has somebody lead who has joined; false if there are members and none of them has.
    fn elect(&mut self) -> bool {
        let leader = self.group.leader.as_deref().and_then(|leader| self.group.members.find(leader));
        if self.group.members.is_empty() || leader.is_some_and(|leader| leader.joining.is_some()) {
            return true;
        }
        let joined = self.group.members.iter().find(|member| member.joining.is_some());
        let Some(joined) = joined.map(|member| Arc::clone(&member.id)) else { return false };
        self.group.leader = Some(joined);
        true
    }

    fn answer_joins(&mut self) {
        for slot in 0..self.group.members.len() {
            let member = self.group.members.at(slot);
            let lists_members = self.group.is_led_by(&member.id);
            let answer = member.joining.map(|_| self.joined(member, lists_members));
            let ticket = self.group.members.set_joining(slot, None);
            if let (Some(ticket), Some(answer)) = (ticket, answer) {
                self.step.answer(ticket, Answer::Join(answer));
            }
            self.group.members.set_known(slot);
            self.group.members.set_has_to_sync(slot, true);
            self.begin_session(slot);
        }
    }

    /// What a member is told of the present generation.
    pub(super) fn joined(&self, member: &Member, lists_members: bool) -> JoinAnswer {
        let protocol = self.group.protocol.as_deref().unwrap_or_default();
        let members = self.group.members.iter().filter(|_| lists_members);
        JoinAnswer {
            error: ErrorCode::NONE,
            generation: self.group.generation,
            protocol_type: self.group.protocol_type.clone(),
            protocol: self.group.protocol.clone(),
            leader: self.group.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            member_id: Arc::clone(&member.id),
            members: members.map(|member| member.joined(protocol)).collect(),
        }
    }

    /// Tells all who wait for an assignment of this generation that there will be none.
    fn cancel_assignments(&mut self) {
        for slot in 0..self.group.members.len() {
            self.group.members.set_assignment(slot, Arc::default());
            if let Some(ticket) = self.group.members.set_syncing(slot, None) {
                self.refuse_sync(ticket, ErrorCode::REBALANCE_IN_PROGRESS);
                self.begin_session(slot);
            }
        }
    }

    fn end_sync_phase(&mut self) {
        if self.group.members.any_has_to_sync() {
            (0..self.group.members.len()).for_each(|slot| self.group.members.set_has_to_sync(slot, false));
        }
        self.timers.cancel(&Timer::SyncPhase(Arc::clone(self.name)));
    }

    /// Takes a member out; what it waits for is answered so that it would come again if it lives.
    pub(super) fn remove(&mut self, id: &str, cause: Departure) {
        let Some(slot) = self.group.members.slot(id) else { return };
        let member = self.group.members.remove(slot);
        if let Some(ticket) = member.joining {
            self.refuse_join(ticket, "", ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if let Some(ticket) = member.syncing {
            self.refuse_sync(ticket, ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if self.group.is_led_by(id) {
            self.group.leader = self.group.members.iter().next().map(|first| Arc::clone(&first.id));
        }
        self.timers.cancel(&Timer::Session(Arc::clone(self.name), Arc::clone(&member.id)));
        self.note(Event::Left { member: member.id, cause });
    }

    /// Begins the sessions of all members anew.
    pub(super) fn begin_sessions(&mut self) {
        (0..self.group.members.len()).for_each(|slot| self.begin_session(slot));
    }

    /// After a start: the limit may have become less, and members shall commit their offsets before some have to go.
    pub(super) fn limit_size(&mut self) {
        let last = self.group.members.iter().last().map(|member| Arc::clone(&member.id));
        if let Some(last) = last.filter(|_| self.group.members.len() > self.settings.members_max) {
            self.prepare_rebalance(RebalanceCause::Left(last));
        }
    }

    /// Has all who wait join again, and ends all timers.
    pub(super) fn disband(&mut self) {
        for slot in 0..self.group.members.len() {
            let id = Arc::clone(&self.group.members.at(slot).id);
            if let Some(ticket) = self.group.members.set_joining(slot, None) {
                self.refuse_join(ticket, &id, ErrorCode::REBALANCE_IN_PROGRESS);
            }
            if let Some(ticket) = self.group.members.set_syncing(slot, None) {
                self.refuse_sync(ticket, ErrorCode::REBALANCE_IN_PROGRESS);
            }
            self.timers.cancel(&Timer::Session(Arc::clone(self.name), id));
        }
        for id in std::mem::take(&mut self.group.pending) {
            self.timers.cancel(&Timer::PendingMember(Arc::clone(self.name), id));
        }
        self.timers.cancel(&Timer::JoinPhase(Arc::clone(self.name)));
        self.timers.cancel(&Timer::SyncPhase(Arc::clone(self.name)));
    }

    /// The member was heard of.
    pub(super) fn begin_session(&mut self, slot: usize) {
        let timeout = self.group.members.at(slot).session_timeout();
        self.set_session_timer(slot, timeout);
    }

    pub(super) fn set_session_timer(&mut self, slot: usize, timeout: Duration) {
        let member = Arc::clone(&self.group.members.at(slot).id);
        self.timers.set(Timer::Session(Arc::clone(self.name), member), self.step.now.monotonic + timeout);
    }

    fn set_join_timer(&mut self, timeout: Duration) {
        self.timers.set(Timer::JoinPhase(Arc::clone(self.name)), self.step.now.monotonic + timeout);
    }

    pub(super) fn enter(&mut self, state: State) {
        self.group.state = state;
        self.group.state_since = Some(self.step.now.wall.0);
        self.group.phase_began = self.step.now.monotonic;
    }

    /// Whether the generation can be written as it is.
    pub(super) fn fits(&self) -> bool {
        let bytes = self.group.batch_bytes(self.name, self.group.members.assigned_bytes());
        bytes <= self.settings.record_bytes_max
    }

    /// Has the generation written as it is.
    pub(super) fn write(&mut self) {
        self.step.write(self.group.record(self.name));
    }

    pub(super) fn note(&mut self, event: Event) {
        self.history.note(self.name, self.step.now.wall, event);
    }

    pub(super) fn refuse_join(&mut self, ticket: Ticket, member_id: &str, error: ErrorCode) {
        self.step.answer(ticket, Answer::Join(JoinAnswer::refused(member_id, error)));
    }

    pub(super) fn refuse_sync(&mut self, ticket: Ticket, error: ErrorCode) {
        self.step.answer(ticket, Answer::Sync(SyncAnswer::refused(error)));
    }
}
