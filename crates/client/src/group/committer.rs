//! The task that commits: one request after the other, so that no offset moves back because an earlier one was tried again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::desk::{Commits, Left};
use super::offsets::{self, CommittedOffset};
use super::react::{Asked, Reaction, react};
use super::shared::Shared;
use crate::admin::Outcomes;
use crate::{ErrorCode, GroupError, Refusal, RequestError, TopicPartition};

/// Commits what the caller leaves until the member is gone and nothing is left.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        let next = shared.until(|desk| match desk.take_commits() {
            Some(commits) => Some(Some(commits)),
            None => desk.ended.then_some(None),
        });
        let Some(commits) = next.await else { return };
        let Commits { mut offsets, waiters } = commits;
        let outcome = commit(&shared, &mut offsets).await;
        shared.update(|desk| desk.committed(offsets.into_keys(), &outcome));
        if let (Err(error), true) = (&outcome, waiters.is_empty()) {
            tracing::warn!(group = shared.coordinator.group(), %error, "offsets were not committed");
        }
        waiters.into_iter().for_each(|waiter| waiter.tell(&outcome));
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

/// Tries until it is done or there is no way: the member may be in a new generation at each try. Takes what is stored, or
/// not the member's any more, out of `left`.
async fn commit(shared: &Shared, left: &mut BTreeMap<TopicPartition, Left>) -> Result<(), GroupError> {
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
            Ok(outcomes) => match keep_refused(left, outcomes) {
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

/// Takes what is stored out, and says why the first of the rest is not. A partition of which nothing was said counts as
/// refused.
fn keep_refused(left: &mut BTreeMap<TopicPartition, Left>, outcomes: Outcomes<TopicPartition, ()>) -> Option<Refusal> {
    let mut first = None;
    for (partition, outcome) in outcomes {
        match outcome {
            Ok(()) => drop(left.remove(&partition)),
            Err(refusal) => first = first.or(Some(refusal)),
        }
    }
    let silent = |(partition, _): (&TopicPartition, &Left)| Refusal {
        subject: partition.to_string(),
        code: ErrorCode::UNKNOWN_SERVER_ERROR,
        message: Some("the broker did not say whether the offset is stored".to_owned()),
    };
    first.or_else(|| left.first_key_value().map(silent))
}

fn passes(error: &RequestError) -> bool {
    match error.code() {
        None => error.is_retriable(),
        Some(ErrorCode::NONE) => false,
        Some(code) => matches!(react(Asked::Commit, code), Reaction::Again | Reaction::Elsewhere),
    }
}
