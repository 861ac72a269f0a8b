//! What is asked of brokers while the caller reads, or does something else: each in a task, whose end [`Consumer::fetch`]
//! awaits. A call that is dropped drops no task, so that with the shortest waits everything still comes to its end.

use std::sync::Arc;
use std::time::Duration;

use record::Offset;
use tokio::time::{Instant, sleep_until};
use wire::ErrorCode;

use super::fetch::Fetched;
use super::reading::Reading;
use super::truncation::Changed;
use super::{Consumer, PollError};
use crate::{Client, Refusal, RequestError, Topic};

/// A longest wait where nothing says when to look again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A task has ended.
pub(super) enum Done {
    /// An answer with records.
    Fetched(Fetched),
    /// A topic was looked up.
    LookedUp(Arc<str>, Result<Arc<Topic>, RequestError>),
    /// The offset at which a reading goes on.
    Reset(u64, Result<Offset, RequestError>),
    /// Where the last epoch of a reading ends.
    Validated(Changed, Result<Option<Offset>, RequestError>),
}

impl Consumer {
    /// Asks for what is wanted and not asked for, and takes what comes next. False when nothing is left to read.
    pub(super) async fn fetch(&mut self) -> Result<bool, PollError> {
        let now = Instant::now();
        self.ask(now)?;
        if self.partitions.iter().all(|reading| reading.paused || reading.is_done()) {
            return Ok(false);
        }
        let wake = self.wake(now);
        let done = tokio::select! {
            Some(joined) = self.tasks.join_next() => joined.expect("a task does not panic and is not cancelled"),
            () = sleep_until(wake) => return Ok(true),
        };
        let taken = self.take(done);
        // Asked before the records are used, so that the broker works meanwhile.
        let asked = if self.arrived.is_empty() { Ok(()) } else { self.ask(Instant::now()) };
        taken.and(asked).map(|()| true)
    }

    /// When time alone lets something be asked.
    fn wake(&self, now: Instant) -> Instant {
        let paused = self.partitions.iter().filter(|reading| reading.is_wanted()).filter_map(Reading::not_before);
        let next = paused.filter(|not_before| *not_before > now).min();
        next.unwrap_or(now + LOOK_AGAIN).min(self.refresh)
    }

    fn take(&mut self, done: Done) -> Result<(), PollError> {
        match done {
            Done::Fetched(fetched) => self.take_fetched(fetched),
            Done::LookedUp(topic, found) => {
                self.looked_up.retain(|looked_up| *looked_up != topic);
                self.take_topic(&topic, found)
            }
            Done::Reset(token, found) => self.take_reset(token, found),
            Done::Validated(changed, end) => self.take_validated(&changed, end),
        }
    }

    /// Looks a topic up unless that is being done.
    pub(super) fn look_up_topic(&mut self, topic: &Arc<str>) {
        if self.looked_up.contains(topic) {
            return;
        }
        self.looked_up.push(Arc::clone(topic));
        let (client, topic) = (self.client.clone(), Arc::clone(topic));
        self.tasks.spawn(async move {
            let found = client.refresh_topic(&topic, false).await;
            Done::LookedUp(topic, found)
        });
    }

    /// Looks all topics up when it is time: a leader may have changed without a word of the old one.
    pub(super) fn refresh_topics(&mut self, now: Instant) {
        if now < self.refresh {
            return;
        }
        self.refresh = now + self.client.config().metadata_max_age;
        let mut topics: Vec<Arc<str>> = self.partitions.iter().map(|reading| Arc::clone(&reading.topic)).collect();
        topics.sort_unstable();
        topics.dedup();
        topics.iter().for_each(|topic| self.look_up_topic(topic));
    }

    /// Where it was not found, or has no leader for a partition, those partitions wait; others go on.
    fn take_topic(&mut self, name: &Arc<str>, found: Result<Arc<Topic>, RequestError>) -> Result<(), PollError> {
        let of_topic = self.partitions.iter().filter(|reading| reading.topic == *name && reading.is_wanted());
        let has_leader =
            |reading: &Reading| found.as_ref().is_ok_and(|topic| topic.leader(reading.partition).is_some());
        let failed: Vec<&Reading> = of_topic.filter(|reading| !has_leader(reading)).collect();
        let Some(first) = failed.first() else { return Ok(()) };
        let subject = first.topic_partition().to_string();
        let tokens: Vec<u64> = failed.iter().map(|reading| reading.token).collect();
        let no_leader = || Refusal { subject, code: ErrorCode::LEADER_NOT_AVAILABLE, message: None }.into();
        self.tolerate(&tokens, found.err().unwrap_or_else(no_leader))
    }

    /// These readings wait a moment before the next try. The error is told when it does not pass, or when one of them had
    /// nothing but errors for too long.
    pub(super) fn tolerate(&mut self, tokens: &[u64], error: RequestError) -> Result<(), PollError> {
        let (now, patience) = (Instant::now(), self.config.retry_timeout);
        let client: &Client = &self.client;
        let mut is_over = !error.is_retriable();
        for reading in self.partitions.iter_mut().filter(|reading| tokens.contains(&reading.token)) {
            is_over |= reading.fail(now, patience, |tries| client.pause_len(tries));
            // What does not exist any more is told by the look-up, which asks more than once.
            client.forget_topic(&reading.topic);
        }
        if is_over {
            return Err(error.into());
        }
        tracing::debug!(%error, "fetching again");
        Ok(())
    }
}
