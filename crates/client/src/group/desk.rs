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
    is_committing: bool,
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
    /// The caller is done with it; what it left to commit may not be.
    GivenUp,
}

/// Offsets to commit, and who waits for it.
#[derive(Default)]
pub(super) struct Commits {
    pub(super) offsets: BTreeMap<TopicPartition, Left>,
    pub(super) waiters: Vec<oneshot::Sender<Result<(), GroupError>>>,
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
        if let Some(Offer { change: Change::Revoke(partitions), stage: Stage::GivenUp }) = &self.offer
            && self.has_committed()
        {
            let partitions = partitions.clone();
            self.offer = None;
            self.disown(&partitions);
        }
        self.offer.is_none()
    }

    /// Whether the caller has something to do.
    pub(super) fn has_news(&self) -> bool {
        let is_offered = self.offer.as_ref().is_some_and(|offer| offer.stage != Stage::GivenUp);
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
                Stage::GivenUp => None,
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
        if let Some(offer) = self.offer.as_mut().filter(|offer| offer.stage == Stage::Told) {
            offer.stage = Stage::GivenUp;
        }
    }

    fn disown(&mut self, partitions: &[TopicPartition]) {
        partitions.iter().for_each(|partition| {
            self.owned.remove(partition);
        });
        self.tenure += 1;
    }

    /// Leaves offsets to be committed; a later one of a partition takes the place of an earlier one.
    pub(super) fn leave(
        &mut self,
        offsets: impl IntoIterator<Item = (TopicPartition, CommittedOffset)>,
        waiter: Option<oneshot::Sender<Result<(), GroupError>>>,
    ) {
        let tenure = self.tenure;
        let left = |(partition, committed)| (partition, Left { committed, tenure });
        self.pending.offsets.extend(offsets.into_iter().map(left));
        self.pending.waiters.extend(waiter);
    }

    /// What is to be committed next, if anything; [`Desk::committed`] says that it is done.
    pub(super) fn take_commits(&mut self) -> Option<Commits> {
        let is_due = !self.is_committing && (!self.pending.offsets.is_empty() || !self.pending.waiters.is_empty());
        is_due.then(|| {
            self.is_committing = true;
            std::mem::take(&mut self.pending)
        })
    }

    /// Whether a commit that came with the wrong generation may come with the right one in a moment.
    pub(super) fn is_between_generations(&self, used: &Membership) -> bool {
        self.membership.as_ref().is_some_and(|membership| self.is_joining || membership != used)
    }

    pub(super) fn committed(&mut self) {
        self.is_committing = false;
    }

    /// Whether all offsets that were left are committed, or were given up.
    pub(super) fn has_committed(&self) -> bool {
        !self.is_committing && self.pending.offsets.is_empty() && self.pending.waiters.is_empty()
    }

    /// Whether an offset may still be committed: another member may have the partition since it was left. Those that wait for
    /// their commit while the partition is being given up may.
    pub(super) fn may_commit(&self, partition: &TopicPartition, left: &Left) -> bool {
        left.tenure == self.tenure || self.owned.get(partition).is_some_and(|since| *since <= left.tenure)
    }
}

#[cfg(test)]
mod tests;
