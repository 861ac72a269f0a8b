//! The task that commits: one request after the other, so that no offset moves back because an earlier one was tried again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::desk::Commits;
use super::offsets::{self, CommittedOffset};
use super::react::{Asked, Reaction, react};
use super::shared::Shared;
use crate::{ErrorCode, GroupError, Refusal, RequestError, TopicPartition};

/// Commits what the caller leaves until the member is gone and nothing is left.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        let next = shared.until(|desk| match desk.take_commits() {
            Some(commits) => Some(Some(commits)),
            None => desk.ended.then_some(None),
        });
        let Some(commits) = next.await else { return };
        let Commits { offsets, waiters } = commits;
        let outcome = commit(&shared, offsets).await;
        shared.update(super::desk::Desk::committed);
        if let (Err(error), true) = (&outcome, waiters.is_empty()) {
            tracing::warn!(group = shared.coordinator.group(), %error, "offsets were not committed");
        }
        for waiter in waiters {
            // Whoever does not wait any longer has its offsets committed all the same.
            let _ = waiter.send(again(&outcome));
        }
    }
}

/// Says when it is time to commit what was returned.
pub(super) async fn remind(shared: Arc<Shared>, interval: Duration) {
    loop {
        tokio::select! {
            () = sleep(interval) => shared.update(|desk| desk.auto_commit_due = true),
            () = shared.until(|desk| (desk.closing || desk.ended).then_some(())) => return,
        }
    }
}

fn again(outcome: &Result<(), GroupError>) -> Result<(), GroupError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(GroupError::Commit(error)) => Err(GroupError::Commit(Arc::clone(error))),
        Err(GroupError::NotOwned { partition }) => Err(GroupError::NotOwned { partition: partition.clone() }),
        Err(_) => Err(GroupError::Closed),
    }
}

/// Tries until it is done or there is no way: the member may be in a new generation at each try.
async fn commit(shared: &Shared, mut left: BTreeMap<TopicPartition, super::desk::Left>) -> Result<(), GroupError> {
    let coordinator = &shared.coordinator;
    let deadline = Instant::now() + coordinator.client().config().request_timeout;
    let mut not_owned = None;
    for tries in 0.. {
        let membership = shared.look(|desk| {
            left.retain(|partition, offset| {
                let may = desk.may_commit(partition, offset);
                not_owned = not_owned.take().or_else(|| (!may).then(|| partition.clone()));
                may
            });
            desk.membership.clone()
        });
        let done = || not_owned.clone().map_or(Ok(()), |partition| Err(GroupError::NotOwned { partition }));
        let Some((first, _)) = left.first_key_value() else { return done() };
        let Some(membership) = membership else { return Err(GroupError::NotOwned { partition: first.clone() }) };
        let wanted: BTreeMap<TopicPartition, CommittedOffset> =
            left.iter().map(|(partition, offset)| (partition.clone(), offset.committed.clone())).collect();
        let error = match offsets::commit_once(coordinator, &membership, &wanted).await {
            Ok(outcomes) => match first_failure(outcomes) {
                None => return done(),
                Some(refusal) => refusal.into(),
            },
            Err(error) => error,
        };
        coordinator.heed(&error);
        let is_between = error.code() == Some(ErrorCode::ILLEGAL_GENERATION)
            && shared.look(|desk| desk.is_between_generations(&membership));
        if !(passes(&error) || is_between) || Instant::now() >= deadline || shared.look(|desk| desk.ended) {
            return Err(GroupError::Commit(Arc::new(error)));
        }
        tracing::debug!(group = coordinator.group(), %error, "committing again");
        coordinator.client().pause(tries).await;
    }
    unreachable!("there is always another try")
}

fn first_failure(outcomes: crate::admin::Outcomes<TopicPartition, ()>) -> Option<Refusal> {
    outcomes.into_iter().find_map(|(_, outcome)| outcome.err())
}

fn passes(error: &RequestError) -> bool {
    match error.code() {
        None => error.is_retriable(),
        Some(ErrorCode::NONE) => false,
        Some(code) => matches!(react(Asked::Commit, code), Reaction::Again | Reaction::Elsewhere),
    }
}
