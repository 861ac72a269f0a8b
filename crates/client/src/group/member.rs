//! What members of both protocols do alike: their own connection to the coordinator, and what ends a stay in the group.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wire::{Message, Request};

use super::config::{GroupConfig, GroupProtocol};
use super::offsets::{self, CommittedOffset};
use super::poll_watch::PollWatch;
use super::shared::Shared;
use super::{classic, modern};
use crate::connection::{Answer, Connection};
use crate::{ErrorCode, RequestError, TopicPartition};

/// Why a stay in the group ends.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something has changed: join again.
    Rejoin,
    /// What the member has is lost; `forgotten` also its id.
    Lost { forgotten: bool },
    /// The caller does not ask for records.
    Overdue,
    /// The consumer is closed.
    Closing,
    /// There is no way to go on.
    Fatal(Arc<RequestError>),
}

impl Stop {
    pub(super) fn fatal(error: impl Into<RequestError>) -> Stop {
        Stop::Fatal(Arc::new(error.into()))
    }
}

/// Is a member until the consumer is closed.
pub(super) async fn run(shared: Arc<Shared>, config: GroupConfig) {
    match config.protocol {
        GroupProtocol::Classic => classic::Classic::new(Arc::clone(&shared), config).run().await,
        GroupProtocol::Consumer => modern::Modern::new(Arc::clone(&shared), config).run().await,
    }
    shared.update(|desk| {
        desk.membership = None;
        desk.ended = true;
    });
}

/// A connection to the coordinator that no other member shares: Kafka answers in order, and a JoinGroup is answered when all
/// members have come, perhaps one of the same client.
pub(super) struct Link {
    shared: Arc<Shared>,
    connection: Option<Arc<Connection>>,
    tries: u32,
    watch: PollWatch,
}

impl Link {
    pub(super) fn new(shared: Arc<Shared>) -> Link {
        Link { shared, connection: None, tries: 0, watch: PollWatch::new(Instant::now()) }
    }

    /// Sends one request and waits for its answer, `hold` longer than others. When the consumer is closed meanwhile, the
    /// connection is given up, as nothing behind the request would be answered.
    pub(super) async fn call<'q, Q: Request + Message<'q>>(
        &mut self,
        request: &Q,
        hold: Duration,
    ) -> Result<Result<Answer, RequestError>, Stop> {
        let shared = Arc::clone(&self.shared);
        let called = tokio::select! {
            called = self.exchange(request, hold) => called,
            () = shared.closing() => {
                self.connection = None;
                return Err(Stop::Closing);
            }
        };
        if called.is_err() {
            self.broken();
        }
        Ok(called)
    }

    /// The same for the last words, which are said when the consumer is closed.
    pub(super) async fn tell<'q, Q: Request + Message<'q>>(&mut self, request: &Q) -> Result<Answer, RequestError> {
        self.exchange(request, Duration::ZERO).await
    }

    async fn exchange<'q, Q: Request + Message<'q>>(
        &mut self,
        request: &Q,
        hold: Duration,
    ) -> Result<Answer, RequestError> {
        let connection = match self.connection.take().filter(|connection| connection.is_open()) {
            Some(connection) => connection,
            None => {
                let broker = self.shared.coordinator.find().await?;
                Arc::new(self.shared.coordinator.client().open(&broker.address).await?)
            }
        };
        self.connection = Some(Arc::clone(&connection));
        let mut pending = connection.submit(i16::MAX, request, hold).await?;
        Ok(pending.answer().await?)
    }

    /// The coordinator is to be looked for again.
    pub(super) fn broken(&mut self) {
        self.connection = None;
        self.shared.coordinator.forget();
    }

    /// All is well: the next pause is a short one.
    pub(super) fn well(&mut self) {
        self.tries = 0;
    }

    /// How long to pause after one more failure.
    pub(super) fn pause_len(&mut self) -> Duration {
        self.tries += 1;
        self.shared.coordinator.client().pause_len(self.tries - 1)
    }

    /// Pauses after one more failure.
    pub(super) async fn pause(&mut self) -> Result<(), Stop> {
        let pause = self.pause_len();
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = self.shared.closing() => Err(Stop::Closing),
        }
    }

    /// Whether the caller has not asked for records for so long.
    pub(super) fn is_overdue(&mut self, longest: Duration) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        let (polls, is_polling) = (self.shared.polls.load(Relaxed), self.shared.is_polling.load(Relaxed));
        self.watch.is_overdue(polls, is_polling, Instant::now(), longest)
    }
}

/// Waits until the member has something to read.
pub(super) async fn subscribed(shared: &Shared) -> Result<(), Stop> {
    let what = shared.until(|desk| match (desk.closing, desk.is_subscribed()) {
        (true, _) => Some(Err(Stop::Closing)),
        (false, true) => Some(Ok(())),
        _ => None,
    });
    what.await
}

/// Waits until the caller has dealt with the change on offer.
pub(super) async fn settled(shared: Arc<Shared>) {
    shared.until(|desk| desk.settle().then_some(())).await;
}

/// All that the member has is lost; waits until the caller knows, so that it cannot have it again before.
pub(super) async fn lose(shared: &Arc<Shared>, always: bool) -> Result<(), Stop> {
    let is_told = shared.update(|desk| {
        (desk.membership, desk.is_joining) = (None, false);
        desk.lose_all(always)
    });
    if !is_told {
        return Ok(());
    }
    tokio::select! {
        () = settled(Arc::clone(shared)) => Ok(()),
        () = shared.closing() => Err(Stop::Closing),
    }
}

/// The member ends with an error, which the caller hears after what it lost.
pub(super) fn fail(shared: &Shared, error: Arc<RequestError>) {
    tracing::warn!(group = shared.coordinator.group(), %error, "not a member any more");
    shared.update(|desk| {
        desk.membership = None;
        desk.failed = Some(error);
        desk.lose_all(false);
    });
}

/// Whether the broker takes another for the member: then it has nothing to leave.
pub(super) fn is_fenced(error: &RequestError) -> bool {
    matches!(error.code(), Some(ErrorCode::FENCED_INSTANCE_ID | ErrorCode::UNRELEASED_INSTANCE_ID))
}

/// What the group has committed of these, beside each.
pub(super) async fn with_committed(
    shared: Arc<Shared>,
    partitions: Vec<TopicPartition>,
) -> Result<Vec<(TopicPartition, Option<CommittedOffset>)>, RequestError> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = loop {
        match offsets::fetch(&shared.coordinator, Some(&partitions)).await {
            // As long as the member lives, a coordinator that does not answer is waited for.
            Err(error) if error.is_retriable() => {
                tracing::warn!(%error, "cannot learn what was committed");
                shared.coordinator.client().back_off().await;
            }
            found => break found?.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        }
    };
    let one = |partition: TopicPartition| match found.remove(&partition).transpose() {
        Err(refusal) if refusal.code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => Err(refusal.into()),
        committed => Ok((partition, committed.unwrap_or_default())),
    };
    partitions.into_iter().map(one).collect()
}
