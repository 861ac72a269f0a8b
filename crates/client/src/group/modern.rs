//! A member by the consumer protocol (KIP-848): the broker assigns, and tells with its heartbeats' answers.
//!
//! What goes is given up before what comes is taken, and the broker is told when both are done; it gives no partition that
//! another member has not told of yet.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use record::{PartitionIndex, TopicId, Uuid};
use tokio::time::{Instant, sleep_until};
use wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};

use super::config::{GroupConfig, Subscription};
use super::desk::{Change, Desk};
use super::member::{Link, Stop, fail, is_fenced, lose, settled, subscribed, with_committed};
use super::offsets::{CommittedOffset, Membership};
use super::react::{Asked, Reaction, react};
use super::reconcile::{Steps, steps};
use super::shared::Shared;
use crate::{ErrorCode, Refusal, RequestError, TopicPartition};

/// The epoch of a member that joins, that leaves, and that leaves for a while.
const JOINS: i32 = 0;
const LEAVES: i32 = -1;
const WILL_BE_BACK: i32 = -2;

/// Partitions by topic id, as the broker names them.
type ById = BTreeMap<TopicId, Vec<i32>>;

/// Partitions that come, where they have been committed.
type Assigned = Vec<(TopicPartition, Option<CommittedOffset>)>;

/// A member and what it knows.
pub(super) struct Modern {
    shared: Arc<Shared>,
    config: GroupConfig,
    link: Link,
    /// The same for as long as it lives; old brokers give it.
    member_id: String,
    epoch: i32,
    /// The broker may have heard of it, whether it has answered or not.
    has_joined: bool,
    /// The caller has heard of an assignment since the member joined.
    has_assigned: bool,
    interval: Duration,
    next_beat: Instant,
    /// The next heartbeat tells everything, as the broker may not know it.
    tells_all: bool,
    /// The subscription that the broker knows, by the count of changes.
    told_version: u64,
    /// What it has; the broker knows of it unless `tells_owned`.
    owned: ById,
    tells_owned: bool,
    /// What it is to have, if that has not been dealt with.
    target: Option<ById>,
    names: BTreeMap<TopicId, String>,
}

/// What an answer says.
struct Answered {
    code: ErrorCode,
    message: Option<String>,
    member_id: Option<String>,
    epoch: i32,
    interval_ms: i32,
    target: Option<ById>,
}

impl Modern {
    pub(super) fn new(shared: Arc<Shared>, config: GroupConfig) -> Modern {
        let client = shared.coordinator.client();
        let member_id = random_id(client.rng().next_u64(), client.rng().next_u64());
        Modern {
            link: Link::new(Arc::clone(&shared)),
            shared,
            interval: config.heartbeat_interval,
            config,
            member_id,
            epoch: JOINS,
            has_joined: false,
            has_assigned: false,
            next_beat: Instant::now(),
            tells_all: true,
            told_version: 0,
            owned: ById::new(),
            tells_owned: false,
            target: None,
            names: BTreeMap::new(),
        }
    }

    /// Is a member until the consumer is closed.
    pub(super) async fn run(mut self) {
        loop {
            let Err(stop) = self.stay().await;
            tracing::debug!(group = self.shared.coordinator.group(), ?stop, "the stay in the group ends");
            let next = match stop {
                Stop::Closing => Err(Stop::Closing),
                Stop::Fatal(error) => Err(Stop::Fatal(error)),
                Stop::Overdue => {
                    self.leave(LEAVES).await;
                    self.lost(true).await
                }
                Stop::Rejoin | Stop::Lost { .. } => self.lost(false).await,
            };
            match next {
                Ok(()) => {}
                Err(Stop::Fatal(error)) => {
                    fail(&self.shared, Arc::clone(&error));
                    if !is_fenced(&error) {
                        self.leave(self.last_epoch()).await;
                    }
                    return;
                }
                Err(_) => break,
            }
        }
        // What the caller has left is committed while this is still a member.
        self.shared.until(|desk| desk.has_committed().then_some(())).await;
        self.leave(self.last_epoch()).await;
    }

    fn last_epoch(&self) -> i32 {
        if self.config.instance_id.is_some() { WILL_BE_BACK } else { LEAVES }
    }

    async fn lost(&mut self, always: bool) -> Result<(), Stop> {
        (self.epoch, self.tells_all, self.target) = (JOINS, true, None);
        (self.has_joined, self.has_assigned) = (false, false);
        self.owned.clear();
        self.next_beat = Instant::now();
        lose(&self.shared, always).await
    }

    /// From joining to what ends it.
    async fn stay(&mut self) -> Result<Infallible, Stop> {
        subscribed(&self.shared).await?;
        loop {
            while let Some(target) = self.target.take() {
                self.reconcile(target).await?;
            }
            if !self.shared.look(|desk| desk.is_subscribed()) {
                self.unsubscribe().await?;
                subscribed(&self.shared).await?;
            }
            let (version, shared) = (self.told_version, Arc::clone(&self.shared));
            tokio::select! {
                () = shared.closing() => return Err(Stop::Closing),
                () = shared.until(|desk| (desk.version != version).then_some(())), if self.epoch != JOINS && !self.tells_all => self.beat().await?,
                () = sleep_until(self.next_beat) => self.beat().await?,
            }
        }
    }

    async fn unsubscribe(&mut self) -> Result<(), Stop> {
        let owned: Vec<TopicPartition> = self.shared.look(|desk| desk.owned()).into_iter().collect();
        if !owned.is_empty() {
            self.hand_over(Change::Revoke(owned)).await?;
        }
        self.leave(LEAVES).await;
        self.lost(false).await
    }

    /// Does something while heartbeats go on.
    async fn alive<T>(&mut self, doing: impl Future<Output = T>) -> Result<T, Stop> {
        let mut doing = pin!(doing);
        let shared = Arc::clone(&self.shared);
        loop {
            tokio::select! {
                done = &mut doing => return Ok(done),
                () = shared.closing() => return Err(Stop::Closing),
                () = sleep_until(self.next_beat) => self.beat().await?,
            }
        }
    }

    async fn hand_over(&mut self, change: Change) -> Result<(), Stop> {
        self.shared.update(|desk| desk.offer(change));
        let settled = settled(Arc::clone(&self.shared));
        self.alive(settled).await
    }

    fn is_superseded(&self, target: &ById) -> bool {
        self.target.as_ref().is_some_and(|newer| newer != target)
    }

    /// Offers what comes until the caller has taken it; `false` when the broker wants something else before that.
    async fn is_taken(&mut self, added: Assigned, target: &ById) -> Result<bool, Stop> {
        let shared = Arc::clone(&self.shared);
        shared.update(|desk| desk.offer(Change::Assign(added)));
        loop {
            tokio::select! {
                () = settled(Arc::clone(&shared)) => return Ok(true),
                () = shared.closing() => return Err(Stop::Closing),
                () = sleep_until(self.next_beat) => self.beat().await?,
            }
            if self.is_superseded(target) && shared.update(Desk::take_back) {
                return Ok(false);
            }
        }
    }

    /// Goes over to what the broker wants, and has it told.
    async fn reconcile(&mut self, target: ById) -> Result<(), Stop> {
        let unknown: Vec<TopicId> = target.keys().filter(|id| !self.names.contains_key(id)).copied().collect();
        if !unknown.is_empty() {
            self.learn_names(unknown).await?;
        }
        let known: ById =
            target.iter().filter(|(id, _)| self.names.contains_key(id)).map(|(id, of)| (*id, of.clone())).collect();
        let is_whole = known.len() == target.len();
        let kept: ById = common(&self.owned, &known);
        let owned = self.shared.look(|desk| desk.owned());
        let Steps { revoked, added } = steps(&owned, &self.named(&known));
        if !revoked.is_empty() {
            self.hand_over(Change::Revoke(revoked)).await?;
        }
        // Nothing is taken of a target that the broker has replaced: others may have it by then.
        (self.owned, self.tells_owned) = (kept.clone(), true);
        if self.is_superseded(&target) {
            return Ok(());
        }
        let committed = with_committed(Arc::clone(&self.shared), added);
        let added = self.alive(committed).await?.map_err(Stop::fatal)?;
        if self.is_superseded(&target) {
            return Ok(());
        }
        // What is on offer counts as owned in all that is told meanwhile.
        (self.owned, self.tells_owned) = (known, true);
        if (!added.is_empty() || !self.has_assigned) && !self.is_taken(added, &target).await? {
            (self.owned, self.tells_owned) = (kept, true);
            return Ok(());
        }
        self.has_assigned = true;
        if !is_whole && self.target.is_none() {
            // The broker knows topics that the one that was asked has not heard of yet.
            let pause = self.link.pause_len();
            self.alive(tokio::time::sleep(pause)).await?;
            self.target.get_or_insert(target);
        } else {
            self.next_beat = Instant::now();
        }
        Ok(())
    }

    fn named(&self, partitions: &ById) -> BTreeSet<TopicPartition> {
        let of_topic = |(id, partitions): (&TopicId, &Vec<i32>)| {
            let topic = self.names[id].clone();
            let named =
                move |&partition: &i32| TopicPartition { topic: topic.clone(), partition: PartitionIndex(partition) };
            partitions.iter().map(named).collect::<Vec<_>>()
        };
        partitions.iter().flat_map(of_topic).collect()
    }

    async fn learn_names(&mut self, ids: Vec<TopicId>) -> Result<(), Stop> {
        let client = self.shared.coordinator.client().clone();
        let asked = self.alive(async move { client.topic_names(&ids).await }).await?;
        match asked {
            Ok(names) => self.names.extend(names),
            Err(error) if error.is_retriable() => tracing::debug!(%error, "cannot learn the names of topics"),
            Err(error) => return Err(Stop::fatal(error)),
        }
        Ok(())
    }

    /// Says that it is alive, and what the broker does not know yet; hears what it is to read.
    async fn beat(&mut self) -> Result<(), Stop> {
        if self.link.is_overdue(self.config.max_poll_interval) {
            return Err(Stop::Overdue);
        }
        let (version, subscription) = self.shared.look(|desk| (desk.version, desk.subscription()));
        let is_subscribed = subscription != Subscription::Nothing;
        if !is_subscribed && self.epoch == JOINS {
            self.next_beat = Instant::now() + self.interval;
            return Ok(());
        }
        // A member that does not subscribe any more lives until its partitions are given up.
        let tells_subscription = is_subscribed && (self.tells_all || self.told_version != version);
        let answered = self.exchange(&subscription, tells_subscription).await?;
        self.next_beat = Instant::now() + self.interval;
        // Whatever is not known to have arrived is told again.
        self.tells_all = true;
        let answered = match answered {
            Ok(answered) => answered,
            Err(error) if error.is_retriable() => {
                tracing::debug!(%error, "asking the coordinator again");
                self.link.broken();
                self.next_beat = Instant::now() + self.link.pause_len();
                return Ok(());
            }
            Err(error) => return Err(Stop::fatal(error)),
        };
        match react(Asked::ConsumerHeartbeat, answered.code) {
            Reaction::Go => {}
            Reaction::Lost => return Err(Stop::Lost { forgotten: false }),
            reaction @ (Reaction::Again | Reaction::Elsewhere) => {
                if reaction == Reaction::Elsewhere {
                    self.link.broken();
                }
                self.next_beat = Instant::now() + self.link.pause_len();
                return Ok(());
            }
            _ => {
                let subject = self.shared.coordinator.subject();
                return Err(Stop::fatal(Refusal { subject, code: answered.code, message: answered.message }));
            }
        }
        (self.tells_all, self.tells_owned) = (false, false);
        if tells_subscription {
            self.told_version = version;
        }
        self.take_answer(answered);
        Ok(())
    }

    fn take_answer(&mut self, answered: Answered) {
        self.link.well();
        if let Some(id) = answered.member_id.filter(|id| !id.is_empty()) {
            self.member_id = id;
        }
        self.epoch = answered.epoch;
        if let Ok(ms @ 1..) = u64::try_from(answered.interval_ms) {
            self.interval = Duration::from_millis(ms);
        }
        self.next_beat = Instant::now() + self.interval;
        if answered.target.is_some() {
            self.target = answered.target;
        }
        let membership = Membership {
            member_id: self.member_id.clone(),
            instance_id: self.config.instance_id.clone(),
            generation: self.epoch,
        };
        let is_news = self.shared.look(|desk| desk.membership.as_ref() != Some(&membership));
        if is_news {
            self.shared.update(|desk| desk.membership = Some(membership));
        }
    }

    async fn exchange(
        &mut self,
        subscription: &Subscription,
        tells_subscription: bool,
    ) -> Result<Result<Answered, RequestError>, Stop> {
        let config = &self.config;
        let tells_owned = self.tells_owned || self.tells_all;
        let (topics, pattern): (&[String], &str) = match subscription {
            Subscription::Topics(topics) => (topics, ""),
            Subscription::Pattern(pattern) => (&[], pattern),
            Subscription::Nothing => (&[], ""),
        };
        let joins = self.epoch == JOINS;
        let request = ConsumerGroupHeartbeatRequest {
            group_id: &config.group_id,
            member_id: &self.member_id,
            member_epoch: self.epoch,
            instance_id: config.instance_id.as_deref(),
            rack_id: config.rack.as_deref().filter(|_| self.tells_all),
            rebalance_timeout_ms: if self.tells_all { millis(config.max_poll_interval) } else { -1 },
            subscribed_topic_names: tells_subscription.then(|| topics.iter().map(String::as_str).collect()),
            // A pattern that was withdrawn is told as an empty one.
            subscribed_topic_regex: Some(pattern)
                .filter(|pattern| tells_subscription && !(joins && pattern.is_empty())),
            server_assignor: config.remote_assignor.as_deref().filter(|_| self.tells_all),
            topic_partitions: tells_owned.then(|| self.owned.iter().map(of_topic).collect()),
        };
        self.has_joined = true;
        let answered = self.link.call(&request, Duration::ZERO).await?;
        Ok(answered.and_then(|answer| {
            let response = answer.read::<ConsumerGroupHeartbeatResponse<'_>>()?;
            let by_id = |of: TopicPartitions<'_>| (of.topic_id, of.partitions.to_vec());
            Ok(Answered {
                code: response.error_code,
                message: response.error_message.map(str::to_owned),
                member_id: response.member_id.map(str::to_owned),
                epoch: response.member_epoch,
                interval_ms: response.heartbeat_interval_ms,
                target: response.assignment.map(|all| all.topic_partitions.iter().map(by_id).collect()),
            })
        }))
    }

    async fn leave(&mut self, epoch: i32) {
        if !self.has_joined {
            return;
        }
        let config = &self.config;
        let request = ConsumerGroupHeartbeatRequest {
            group_id: &config.group_id,
            member_id: &self.member_id,
            member_epoch: epoch,
            instance_id: config.instance_id.as_deref(),
            rack_id: None,
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            subscribed_topic_regex: None,
            server_assignor: None,
            topic_partitions: None,
        };
        // Without an answer the session times out, which comes to the same.
        if let Err(error) = self.link.tell(&request).await {
            tracing::debug!(group = self.config.group_id, %error, "leaves without an answer");
        }
        (self.epoch, self.has_joined) = (JOINS, false);
        self.shared.update(|desk| desk.membership = None);
    }
}

fn of_topic<'a>((id, partitions): (&TopicId, &'a Vec<i32>)) -> TopicPartitions<'a> {
    TopicPartitions { topic_id: *id, partitions: partitions.as_slice().into() }
}

/// What is in both.
fn common(one: &ById, other: &ById) -> ById {
    let of_topic = |(id, partitions): (&TopicId, &Vec<i32>)| {
        let others = other.get(id)?;
        let common: Vec<i32> = partitions.iter().filter(|partition| others.contains(partition)).copied().collect();
        (!common.is_empty()).then_some((*id, common))
    };
    one.iter().filter_map(of_topic).collect()
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

/// A random id (UUID version 4), as Kafka writes its ids.
fn random_id(high: u64, low: u64) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_in_both() {
        let by_id = |of: &[(u8, &[i32])]| -> ById {
            of.iter().map(|(id, partitions)| (Uuid([*id; 16]), partitions.to_vec())).collect()
        };
        type Row<'a> = [&'a [(u8, &'a [i32])]; 3];
        let rows: [Row<'_>; 5] = [
            [&[], &[(1, &[0])], &[]],
            [&[(1, &[0, 1])], &[(1, &[1, 2])], &[(1, &[1])]],
            [&[(1, &[0])], &[(2, &[0])], &[]],
            [&[(1, &[0]), (2, &[3])], &[(2, &[3]), (3, &[0])], &[(2, &[3])]],
            [&[(1, &[0])], &[(1, &[1])], &[]],
        ];
        for [owned, wanted, kept] in rows {
            assert_eq!(common(&by_id(owned), &by_id(wanted)), by_id(kept), "{owned:?} {wanted:?}");
        }
    }
}
