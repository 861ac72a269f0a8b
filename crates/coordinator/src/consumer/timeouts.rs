//! What happens by itself.

use std::sync::Arc;
use std::time::Duration;

use super::member::MemberState;
use super::{Member, Work};
use crate::history::{Departure, RebalanceCause};
use crate::shard::Group;
use crate::timers::Timer;
use crate::{Shard, Step};

impl Shard {
    pub(crate) fn loaded_consumer(&mut self, step: &mut Step<'_>) {
        let groups: Vec<Arc<str>> =
            self.groups.iter().filter(|(_, g)| matches!(g, Group::Consumer(_))).map(|(id, _)| Arc::clone(id)).collect();
        for id in groups {
            if let Some(mut work) = self.consumer_work(step, &id) {
                work.start_timers();
            }
        }
    }

    /// Of a member of a consumer group.
    pub(crate) fn consumer_session_ended(&mut self, step: &mut Step<'_>, group: &Arc<str>, member: &Arc<str>) {
        let session =
            self.consumer_work(step, group).and_then(|work| Some(work.session_of(work.group.members.get(member)?)));
        if let Some(session) = session {
            self.remove_members(step, group, &[(Arc::clone(member), Departure::SessionTimeout(session))]);
        }
    }

    pub(crate) fn revocation_ended(&mut self, step: &mut Step<'_>, group: &Arc<str>, member: &Arc<str>) {
        let waits = |member: &Member| member.state == MemberState::UnrevokedPartitions;
        self.rebalance_timed_out(step, group, member, waits, Departure::RevocationTimeout);
    }

    pub(crate) fn classic_rejoin_ended(&mut self, step: &mut Step<'_>, group: &Arc<str>, member: &Arc<str>) {
        self.rebalance_timed_out(step, group, member, |member| member.classic().is_some(), Departure::RebalanceTimeout);
    }

    pub(crate) fn classic_sync_ended(&mut self, step: &mut Step<'_>, group: &Arc<str>, member: &Arc<str>) {
        self.rebalance_timed_out(step, group, member, |member| member.classic().is_some(), Departure::SyncTimeout);
    }

    fn rebalance_timed_out(
        &mut self,
        step: &mut Step<'_>,
        group: &Arc<str>,
        member: &Arc<str>,
        waits: impl Fn(&Member) -> bool,
        departure: impl Fn(Duration) -> Departure,
    ) {
        let Some(work) = self.consumer_work(step, group) else { return };
        let Some(late) = work.group.members.get(member).filter(|member| waits(member)) else { return };
        let departure = departure(late.rebalance_timeout());
        self.remove_members(step, group, &[(Arc::clone(member), departure)]);
    }

    pub(crate) fn assignment_due(&mut self, step: &mut Step<'_>, group: &Arc<str>) {
        if let Some(mut work) = self.consumer_work(step, group)
            && !work.group.is_empty()
        {
            work.assign_if_due();
        }
    }

    pub(crate) fn regex_refresh_due(&mut self, step: &mut Step<'_>, group: &Arc<str>) {
        if let Some(mut work) = self.consumer_work(step, group)
            && !work.group.regexes.is_empty()
            && work.resolve_next()
        {
            work.update_epoch(Some(RebalanceCause::Regex));
            work.assign_if_due();
        }
    }
}

impl Work<'_, '_> {
    /// After a load nobody knows how long members have been silent: each has its whole time from now on. Nor is it known who
    /// of the classic members has asked for its assignment; one that has does not ask again, so that they have their sessions
    /// alone, and are told by a heartbeat when they have to join again.
    fn start_timers(&mut self) {
        let now = self.step.now.monotonic;
        for (id, member) in &self.group.members {
            let timer = |timer: fn(Arc<str>, Arc<str>) -> Timer| timer(Arc::clone(&self.group.id), Arc::clone(id));
            self.timers.set(timer(Timer::Session), now + self.session_of(member));
            if member.classic().is_none() && member.state == MemberState::UnrevokedPartitions {
                self.timers.set(timer(Timer::Revocation), now + member.rebalance_timeout());
            }
        }
        if !self.group.regexes.is_empty() {
            self.set_refresh_timer();
        }
    }

    pub(super) fn session_of(&self, member: &Member) -> Duration {
        match member.classic() {
            Some(classic) => Duration::from_millis(u64::try_from(classic.session_timeout_ms).unwrap_or(0)),
            None => self.times().0,
        }
    }
}
