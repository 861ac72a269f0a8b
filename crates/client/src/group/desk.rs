//! What a member's caller and its tasks tell each other. Pure.
//!
//! The task that is in the group offers changes of what the member reads, one at a time; the caller takes each in its own
//! time, so that it sees no record of a partition after it was told that it is gone. The caller leaves offsets to commit;
//! another task takes all of them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::config::Subscription;
use super::offsets::{CommittedOffset, Membership};
use crate::{GroupError, RequestError, TopicPartition};

/// The desk between them.
#[derive(Default)]
pub(super) struct Desk {
    subscription: Option<Subscription>,
    /// How often the subscription has changed.
    pub(super) version: u64,
    offer: Option<Offer>,
    /// What the caller reads, or still may commit, and the tenure in which it came.
    owned: BTreeMap<TopicPartition, u64>,
    /// How often partitions were given up: an offset that was left before may be another member's business by now.
    tenure: u64,
    /// Whom to commit as; `None` when it is no member.
    pub(super) membership: Option<Membership>,
    /// A generation is beginning that `membership` does not have yet.
    pub(super) is_joining: bool,
    pending: Commits,
    /// How many sets of commits were taken, and how many of these are done: at most one less.
    taken: u64,
    done: u64,
    /// Partitions whose last offset that was left could not be committed.
    uncommitted: BTreeSet<TopicPartition>,
    pub(super) auto_commit_due: bool,
    pub(super) closing: bool,
    /// Why it is no member any more.
    pub(super) failed: Option<Arc<RequestError>>,
    /// The task in the group is gone.
    pub(super) ended: bool,
}

/// A change of what the member reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// These come, where they have been committed.
    Assign(Vec<(TopicPartition, Option<CommittedOffset>)>),
    /// These go, once their offsets are committed.
    Revoke(Vec<TopicPartition>),
    /// These are gone: others may read them already.
    Lose(Vec<TopicPartition>),
}

/// A change that the caller has not dealt with.
struct Offer {
    change: Change,
    stage: Stage,
}

/// How far the caller is with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Offered,
    Told,
    /// The caller is done with it; what it left to commit is stored when so many sets of commits are done.
    GivenUp {
        commits: u64,
    },
}

/// Offsets to commit, and who waits for it.
#[derive(Default)]
pub(super) struct Commits {
    pub(super) offsets: BTreeMap<TopicPartition, Left>,
    pub(super) waiters: Vec<Waiter>,
}

/// Who waits for a commit.
pub(super) struct Waiter {
    tell: oneshot::Sender<Result<(), GroupError>>,
    /// For all that was left so far, not only for its own.
    of_all: bool,
    /// Why what was under way when it began to wait is not committed.
    before: Option<GroupError>,
}

impl Waiter {
    pub(super) fn new(of_all: bool) -> (Waiter, oneshot::Receiver<Result<(), GroupError>>) {
        let (tell, told) = oneshot::channel();
        (Waiter { tell, of_all, before: None }, told)
    }

    /// Tells how it went. Whoever does not wait any longer need not know.
    pub(super) fn tell(self, outcome: &Result<(), GroupError>) {
        let failed = outcome.as_ref().err().or(self.before.as_ref());
        let _ = self.tell.send(failed.map_or(Ok(()), |error| Err(error.again())));
    }
}

/// An offset that was left to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) committed: CommittedOffset,
    tenure: u64,
}

/// What the caller is to do with the change on offer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ToDo {
    /// Read these from here on, and tell.
    Add(Vec<(TopicPartition, Option<CommittedOffset>)>),
    /// Return no more records of these, and tell.
    Tell(Vec<TopicPartition>),
    /// Commit if that is its way, stop to read these, and say so by [`Desk::give_up`].
    GiveUp(Vec<TopicPartition>),
    /// Stop to read these, and tell.
    Drop(Vec<TopicPartition>),
}

impl Commits {
    fn is_empty(&self) -> bool {
        self.offsets.is_empty() && self.waiters.is_empty()
    }
}

impl Desk {
    pub(super) fn subscribe(&mut self, subscription: Subscription) {
        if self.subscription.as_ref() != Some(&subscription) {
            self.subscription = Some(subscription);
            self.version += 1;
        }
    }

    pub(super) fn subscription(&self) -> Subscription {
        self.subscription.clone().unwrap_or(Subscription::Nothing)
    }

    pub(super) fn is_subscribed(&self) -> bool {
        !matches!(self.subscription, None | Some(Subscription::Nothing))
    }

    pub(super) fn owned(&self) -> BTreeSet<TopicPartition> {
        self.owned.keys().cloned().collect()
    }

    /// Puts a change on offer. A change that the caller has not taken yet is replaced: what it would have added is not owned,
    /// and what it would have taken is part of what is lost.
    pub(super) fn offer(&mut self, change: Change) {
        self.offer = Some(Offer { change, stage: Stage::Offered });
    }

    /// Whether the caller has dealt with the last change, and what it left of the partitions that go is committed.
    pub(super) fn settle(&mut self) -> bool {
        if let Some(Offer { change: Change::Revoke(partitions), stage: Stage::GivenUp { commits } }) = &self.offer
            && self.done >= *commits
        {
            let partitions = partitions.clone();
            self.offer = None;
            self.disown(&partitions);
        }
        self.offer.is_none()
    }

    /// Whether the caller has something to do.
    pub(super) fn has_news(&self) -> bool {
        let is_offered = self.offer.as_ref().is_some_and(|offer| !matches!(offer.stage, Stage::GivenUp { .. }));
        is_offered || self.auto_commit_due || self.failed.is_some() || self.ended
    }

    /// What the caller has to do about the change on offer; each thing comes once.
    pub(super) fn next_to_do(&mut self) -> Option<ToDo> {
        let offer = self.offer.as_mut()?;
        match &offer.change {
            Change::Revoke(partitions) => match offer.stage {
                Stage::Offered => {
                    offer.stage = Stage::Told;
                    Some(ToDo::Tell(partitions.clone()))
                }
                Stage::Told => Some(ToDo::GiveUp(partitions.clone())),
                Stage::GivenUp { .. } => None,
            },
            Change::Assign(_) | Change::Lose(_) => match self.offer.take()?.change {
                Change::Assign(partitions) => {
                    let since = self.tenure;
                    self.owned.extend(partitions.iter().map(|(partition, _)| (partition.clone(), since)));
                    Some(ToDo::Add(partitions))
                }
                Change::Lose(partitions) | Change::Revoke(partitions) => {
                    self.disown(&partitions);
                    Some(ToDo::Drop(partitions))
                }
            },
        }
    }

    /// The caller does not read what was revoked any more, and has left what is to be committed of it.
    pub(super) fn give_up(&mut self) {
        let commits = self.taken + u64::from(!self.pending.is_empty());
        if let Some(offer) = self.offer.as_mut().filter(|offer| offer.stage == Stage::Told) {
            offer.stage = Stage::GivenUp { commits };
        }
    }

    /// Withdraws partitions that are on offer; `false` when the caller has them already.
    pub(super) fn take_back(&mut self) -> bool {
        self.offer.take_if(|offer| matches!(offer.change, Change::Assign(_))).is_some()
    }

    /// Puts on offer that all is lost, unless there is nothing to tell: partitions that the caller has given up are not told
    /// of again.
    pub(super) fn lose_all(&mut self, always: bool) -> bool {
        let is_given_up = |offer: &mut Offer| matches!(offer.stage, Stage::GivenUp { .. });
        if let Some(Offer { change: Change::Revoke(partitions), .. }) = self.offer.take_if(is_given_up) {
            self.disown(&partitions);
        }
        let owned: Vec<TopicPartition> = self.owned.keys().cloned().collect();
        let is_told = always || !owned.is_empty() || self.offer.is_some();
        if is_told {
            self.offer(Change::Lose(owned));
        }
        is_told
    }

    fn disown(&mut self, partitions: &[TopicPartition]) {
        partitions.iter().for_each(|partition| {
            self.owned.remove(partition);
            self.uncommitted.remove(partition);
        });
        self.tenure += 1;
    }

    /// Leaves offsets to be committed; a later one of a partition takes the place of an earlier one. Once the member has ended
    /// nobody would commit them, which the waiter is told at once.
    pub(super) fn leave(
        &mut self,
        offsets: impl IntoIterator<Item = (TopicPartition, CommittedOffset)>,
        waiter: Option<Waiter>,
    ) {
        if self.ended {
            let over = self.failed.clone().map_or(GroupError::Closed, GroupError::Group);
            if let Some(waiter) = waiter {
                waiter.tell(&Err(over));
            }
            return;
        }
        let tenure = self.tenure;
        for (partition, committed) in offsets {
            self.uncommitted.remove(&partition);
            self.pending.offsets.insert(partition, Left { committed, tenure });
        }
        self.pending.waiters.extend(waiter);
    }

    /// What is to be committed next, if anything; [`Desk::committed`] says that it is done.
    pub(super) fn take_commits(&mut self) -> Option<Commits> {
        let is_due = self.taken == self.done && !self.pending.is_empty();
        is_due.then(|| {
            self.taken += 1;
            std::mem::take(&mut self.pending)
        })
    }

    /// Whether a commit that came with the wrong generation may come with the right one in a moment.
    pub(super) fn is_between_generations(&self, used: &Membership) -> bool {
        self.membership.as_ref().is_some_and(|membership| self.is_joining || membership != used)
    }

    /// What was taken is committed, but for these partitions, for this reason.
    pub(super) fn committed(
        &mut self,
        failed: impl IntoIterator<Item = TopicPartition>,
        outcome: &Result<(), GroupError>,
    ) {
        self.done = self.taken;
        let is_current = |partition: &TopicPartition| {
            self.owned.contains_key(partition) && !self.pending.offsets.contains_key(partition)
        };
        let failed: Vec<TopicPartition> = failed.into_iter().filter(is_current).collect();
        if !failed.is_empty() {
            let before = || outcome.as_ref().err().map(GroupError::again);
            let of_all = self.pending.waiters.iter_mut().filter(|waiter| waiter.of_all);
            of_all.for_each(|waiter| waiter.before = before());
        }
        self.uncommitted.extend(failed);
    }

    /// Whether the offset of a partition that was left last could not be committed.
    pub(super) fn is_uncommitted(&self, partition: &TopicPartition) -> bool {
        self.uncommitted.contains(partition)
    }

    /// Whether all offsets that were left are committed, or were given up.
    pub(super) fn has_committed(&self) -> bool {
        self.taken == self.done && self.pending.is_empty()
    }

    /// Whether an offset may still be committed: another member may have the partition since it was left. Those that wait for
    /// their commit while the partition is being given up may.
    pub(super) fn may_commit(&self, partition: &TopicPartition, left: &Left) -> bool {
        left.tenure == self.tenure || self.owned.get(partition).is_some_and(|since| *since <= left.tenure)
    }
}

#[cfg(test)]
mod tests;
