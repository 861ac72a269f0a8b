//! A member by the classic protocol: it joins, one member assigns, and all keep on until something changes.
//!
//! What goes is offered to the caller before the member joins (eager), or after the assignment is known (cooperative,
//! KIP-429). Heartbeats go on while the caller takes its time.

mod leader;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use wire::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse};

use super::assignor::{Assignments, Member};
use super::blobs::{self, MemberSubscription};
use super::config::{Assignor, GroupConfig, Subscription};
use super::desk::Change;
use super::member::{Link, Stop, fail, is_fenced, lose, settled, subscribed, with_committed};
use super::offsets::Membership;
use super::react::{Asked, Reaction, react};
use super::reconcile::{Steps, steps};
use super::shared::Shared;
use crate::{ErrorCode, Refusal, RequestError, TopicPartition};

/// The protocol type of groups of consumers.
const CONSUMER: &str = "consumer";
/// How much longer than the rebalance the answer to a JoinGroup may take.
const JOIN_GRACE: Duration = Duration::from_secs(5);

/// A member and what it knows.
pub(super) struct Classic {
    shared: Arc<Shared>,
    config: GroupConfig,
    link: Link,
    /// Empty before the broker has given one.
    member_id: String,
    /// -1 when it is in none.
    generation: i32,
    /// The subscription that the member joined with, by the count of changes.
    joined_version: u64,
    /// What it had last, for the sticky assignors.
    had: Vec<TopicPartition>,
    had_in: i32,
    next_beat: Instant,
    /// The group rebalances, though something has to be finished first.
    must_rejoin: bool,
    /// The numbers of partitions by which it has assigned; `None` unless it is the one that assigns.
    counted: Option<BTreeMap<String, i32>>,
    /// The same, of whenever it assigned last.
    last_counted: BTreeMap<String, i32>,
    /// Whether all topics were ready then.
    is_settled: bool,
    reason: &'static str,
}

/// A generation that has begun.
struct Joined {
    assignor: Option<Assignor>,
    protocol: String,
    /// All members, for the one that assigns.
    members: Vec<Member>,
    leads: bool,
    skips: bool,
}

impl Classic {
    pub(super) fn new(shared: Arc<Shared>, config: GroupConfig) -> Classic {
        Classic {
            link: Link::new(Arc::clone(&shared)),
            shared,
            config,
            member_id: String::new(),
            generation: -1,
            joined_version: 0,
            had: Vec::new(),
            had_in: -1,
            next_beat: Instant::now(),
            must_rejoin: false,
            counted: None,
            last_counted: BTreeMap::new(),
            is_settled: true,
            reason: "",
        }
    }

    /// Is a member until the consumer is closed.
    pub(super) async fn run(mut self) {
        loop {
            let Err(stop) = self.stay().await;
            tracing::debug!(group = self.shared.coordinator.group(), ?stop, "the stay in the group ends");
            let next = match stop {
                Stop::Rejoin => Ok(()),
                Stop::Closing => Err(Stop::Closing),
                Stop::Fatal(error) => Err(Stop::Fatal(error)),
                Stop::Overdue => {
                    self.leave("the caller did not poll within max.poll.interval.ms").await;
                    self.lost(true).await
                }
                Stop::Lost { forgotten } => {
                    if forgotten {
                        self.member_id.clear();
                    }
                    self.lost(false).await
                }
            };
            match next {
                Ok(()) => {}
                Err(Stop::Fatal(error)) => {
                    fail(&self.shared, Arc::clone(&error));
                    if !is_fenced(&error) {
                        self.leave("the member cannot go on").await;
                    }
                    return;
                }
                Err(_) => break,
            }
        }
        // What the caller has left is committed while this is still a member.
        self.shared.until(|desk| desk.has_committed().then_some(())).await;
        self.leave("the consumer is closed").await;
    }

    async fn lost(&mut self, always: bool) -> Result<(), Stop> {
        (self.generation, self.counted) = (-1, None);
        self.reason = "its partitions were lost";
        lose(&self.shared, always).await
    }

    /// From joining to what ends it.
    async fn stay(&mut self) -> Result<Infallible, Stop> {
        self.must_rejoin = false;
        if !self.shared.look(|desk| desk.is_subscribed()) && self.generation >= 0 {
            self.revoke_all().await?;
            self.leave("the member unsubscribed").await;
        }
        subscribed(&self.shared).await?;
        if !self.config.is_cooperative() {
            self.revoke_all().await?;
        }
        let joined = self.join().await?;
        let assigned = self.sync(&joined).await?;
        self.adopt(assigned).await?;
        if self.must_rejoin {
            return Err(Stop::Rejoin);
        }
        let (version, shared) = (self.joined_version, Arc::clone(&self.shared));
        let resubscribed = shared.until(|desk| (desk.version != version).then_some("the subscription changed"));
        let counts = self.counts_changed();
        let changed = async {
            tokio::select! {
                reason = resubscribed => reason,
                () = counts => "the number of partitions changed",
            }
        };
        self.reason = self.alive(changed, false).await?;
        Err(Stop::Rejoin)
    }

    /// Does something while heartbeats go on. A rebalance ends it unless it has to be finished.
    async fn alive<T>(&mut self, doing: impl Future<Output = T>, finish: bool) -> Result<T, Stop> {
        let mut doing = pin!(doing);
        let shared = Arc::clone(&self.shared);
        loop {
            tokio::select! {
                done = &mut doing => return Ok(done),
                () = shared.closing() => return Err(Stop::Closing),
                () = sleep_until(self.next_beat) => match self.beat().await {
                    Err(Stop::Rejoin) if finish => self.must_rejoin = true,
                    beat => beat?,
                },
            }
        }
    }

    async fn beat(&mut self) -> Result<(), Stop> {
        if self.link.is_overdue(self.config.max_poll_interval) {
            return Err(Stop::Overdue);
        }
        self.next_beat = Instant::now() + self.config.heartbeat_interval;
        if self.generation < 0 {
            return Ok(());
        }
        let request = HeartbeatRequest {
            group_id: &self.config.group_id,
            generation_id: self.generation,
            member_id: &self.member_id,
            group_instance_id: self.config.instance_id.as_deref(),
        };
        let answered = self.link.call(&request, Duration::ZERO).await?;
        let code = answered.and_then(|answer| Ok(answer.read::<HeartbeatResponse>()?.error_code));
        match self.heed(Asked::Heartbeat, code)? {
            Reaction::Go => self.link.well(),
            _ => self.next_beat = Instant::now() + self.link.pause_len().min(self.config.heartbeat_interval),
        }
        self.reason = "the group rebalances";
        Ok(())
    }

    /// What an answer means; only what goes on here comes back.
    fn heed(&mut self, asked: Asked, code: Result<ErrorCode, RequestError>) -> Result<Reaction, Stop> {
        let code = match code {
            Ok(code) => code,
            Err(error) if error.is_retriable() => {
                self.link.broken();
                tracing::debug!(%error, "asking the coordinator again");
                return Ok(Reaction::Elsewhere);
            }
            Err(error) => return Err(Stop::fatal(error)),
        };
        match react(asked, code) {
            Reaction::Rejoin => Err(Stop::Rejoin),
            Reaction::Lost => Err(Stop::Lost { forgotten: false }),
            Reaction::Forgotten => Err(Stop::Lost { forgotten: true }),
            Reaction::Fatal => {
                Err(Stop::fatal(Refusal { subject: self.shared.coordinator.subject(), code, message: None }))
            }
            Reaction::Elsewhere => {
                self.link.broken();
                Ok(Reaction::Elsewhere)
            }
            reaction => Ok(reaction),
        }
    }

    /// Offers a change and waits until the caller has dealt with it.
    async fn hand_over(&mut self, change: Change) -> Result<(), Stop> {
        self.shared.update(|desk| desk.offer(change));
        let settled = settled(Arc::clone(&self.shared));
        self.alive(settled, true).await
    }

    async fn revoke_all(&mut self) -> Result<(), Stop> {
        let owned: Vec<TopicPartition> = self.shared.look(|desk| desk.owned()).into_iter().collect();
        if owned.is_empty() { Ok(()) } else { self.hand_over(Change::Revoke(owned)).await }
    }

    /// Joins, however often it takes.
    async fn join(&mut self) -> Result<Joined, Stop> {
        let (version, subscription) = self.shared.look(|desk| {
            desk.is_joining = true;
            (desk.version, desk.subscription())
        });
        self.joined_version = version;
        self.counted = None;
        loop {
            let protocols = self.protocols(&subscription);
            let request = JoinGroupRequest {
                group_id: &self.config.group_id,
                session_timeout_ms: millis(self.config.session_timeout),
                rebalance_timeout_ms: millis(self.config.max_poll_interval),
                member_id: &self.member_id,
                group_instance_id: self.config.instance_id.as_deref(),
                protocol_type: CONSUMER,
                protocols: protocols
                    .iter()
                    .map(|(assignor, metadata)| JoinGroupRequestProtocol { name: assignor.name(), metadata })
                    .collect(),
                reason: Some(self.reason),
            };
            let answered = self.link.call(&request, self.config.max_poll_interval + JOIN_GRACE).await?;
            if let Some(joined) = self.take_joined(answered)? {
                return Ok(joined);
            }
            self.link.pause().await?;
        }
    }

    /// The generation, or `None` to ask again.
    fn take_joined(
        &mut self,
        answered: Result<crate::connection::Answer, RequestError>,
    ) -> Result<Option<Joined>, Stop> {
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => return self.heed(Asked::Join, Err(error)).map(|_| None),
        };
        let response = answer.read::<JoinGroupResponse<'_>>().map_err(Stop::fatal)?;
        match self.heed(Asked::Join, Ok(response.error_code))? {
            Reaction::Go => {}
            Reaction::WithId => {
                response.member_id.clone_into(&mut self.member_id);
                return Ok(None);
            }
            _ => return Ok(None),
        }
        response.member_id.clone_into(&mut self.member_id);
        // Whatever rebalance was heard of before has led here.
        (self.generation, self.must_rejoin) = (response.generation_id, false);
        self.link.well();
        self.next_beat = Instant::now() + self.config.heartbeat_interval;
        let leads = response.leader == response.member_id;
        let protocol = response.protocol_name.unwrap_or_default().to_owned();
        let members = response.members.iter().map(|member| Member {
            id: member.member_id.to_owned(),
            instance_id: member.group_instance_id.map(str::to_owned),
            // Whoever says nothing that can be read gets nothing.
            subscription: MemberSubscription::decode(member.metadata).unwrap_or_default(),
        });
        let members = members.collect();
        let assignor = Assignor::named(&protocol);
        Ok(Some(Joined { assignor, protocol, members, leads, skips: response.skip_assignment }))
    }

    /// What it tells whoever assigns, by each assignor.
    fn protocols(&self, subscription: &Subscription) -> Vec<(Assignor, Vec<u8>)> {
        let topics = match subscription {
            Subscription::Topics(topics) => topics.clone(),
            Subscription::Nothing | Subscription::Pattern(_) => Vec::new(),
        };
        let owned: Vec<TopicPartition> = self.shared.look(|desk| desk.owned()).into_iter().collect();
        let told = |&assignor: &Assignor| {
            let user_data = match assignor {
                Assignor::Range | Assignor::RoundRobin => None,
                Assignor::Sticky => Some(blobs::encode_sticky(&self.had, self.had_in)),
                Assignor::CooperativeSticky => Some(blobs::encode_cooperative(self.had_in)),
            };
            let subscription = MemberSubscription {
                topics: topics.clone(),
                user_data,
                owned: owned.clone(),
                generation: self.had_in,
                rack: self.config.rack.clone(),
            };
            (assignor, subscription.encode())
        };
        self.config.assignors.iter().map(told).collect()
    }

    /// Assigns if that is its part, and learns what it is to read.
    async fn sync(&mut self, joined: &Joined) -> Result<Vec<TopicPartition>, Stop> {
        let assignments = self.assignments(joined).await?;
        let encode =
            |(id, partitions): (&String, &Vec<TopicPartition>)| (id.clone(), blobs::encode_assignment(partitions));
        let encoded: Vec<(String, Vec<u8>)> = assignments.iter().map(encode).collect();
        loop {
            let request = SyncGroupRequest {
                group_id: &self.config.group_id,
                generation_id: self.generation,
                member_id: &self.member_id,
                group_instance_id: self.config.instance_id.as_deref(),
                protocol_type: Some(CONSUMER),
                protocol_name: Some(&joined.protocol),
                assignments: encoded
                    .iter()
                    .map(|(member_id, assignment)| SyncGroupRequestAssignment { member_id, assignment })
                    .collect(),
            };
            let answered = self.link.call(&request, self.config.max_poll_interval).await?;
            let (code, assigned) = match answered.and_then(|answer| {
                let response = answer.read::<SyncGroupResponse<'_>>()?;
                Ok((response.error_code, blobs::decode_assignment(response.assignment)))
            }) {
                Ok((code, assigned)) => (Ok(code), assigned),
                Err(error) => (Err(error), Ok(Vec::new())),
            };
            self.reason = "the group rebalances";
            if self.heed(Asked::Sync, code)? == Reaction::Go {
                self.link.well();
                return assigned.map_err(|bad| {
                    let (subject, code) = (self.shared.coordinator.subject(), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
                    Stop::fatal(Refusal { subject, code, message: Some(bad.to_string()) })
                });
            }
            self.link.pause().await?;
        }
    }

    async fn assignments(&mut self, joined: &Joined) -> Result<Assignments, Stop> {
        let Some(assignor) = joined.assignor.filter(|_| joined.leads) else { return Ok(Assignments::new()) };
        let counts = self.count(&joined.members).await?;
        let assignments = super::assignor::assign(assignor, &joined.members, &counts);
        self.counted = Some(counts);
        Ok(if joined.skips { Assignments::new() } else { assignments })
    }

    /// Goes over to what was assigned: what goes is given up first, and then the member joins again, so that others get it.
    async fn adopt(&mut self, assigned: Vec<TopicPartition>) -> Result<(), Stop> {
        let membership = Membership {
            member_id: self.member_id.clone(),
            instance_id: self.config.instance_id.clone(),
            generation: self.generation,
        };
        let owned = self.shared.update(|desk| {
            desk.membership = Some(membership);
            desk.is_joining = false;
            desk.owned()
        });
        (self.had, self.had_in) = (assigned.clone(), self.generation);
        let Steps { revoked, added } = steps(&owned, &assigned.into_iter().collect());
        if !revoked.is_empty() {
            self.hand_over(Change::Revoke(revoked)).await?;
            self.reason = "partitions were given up";
            self.must_rejoin = true;
        }
        let committed = with_committed(Arc::clone(&self.shared), added);
        let added = self.alive(committed, true).await?.map_err(Stop::fatal)?;
        if !added.is_empty() || owned.is_empty() {
            self.hand_over(Change::Assign(added)).await?;
        }
        Ok(())
    }

    /// Leaves if the others are to know: a static member is expected back, unless the caller has gone astray.
    async fn leave(&mut self, reason: &str) {
        let is_member = !self.member_id.is_empty();
        if !is_member || self.config.instance_id.is_some() {
            self.generation = -1;
            return;
        }
        let (group_id, member_id) = (&self.config.group_id, std::mem::take(&mut self.member_id));
        let member = MemberIdentity { member_id: &member_id, group_instance_id: None, reason: Some(reason) };
        let request = LeaveGroupRequest { group_id, member_id: &member_id, members: vec![member].into() };
        let told = self.link.tell(&request).await;
        // Without an answer the session times out, which comes to the same.
        if let Ok(code) = told.and_then(|answer| Ok(answer.read::<LeaveGroupResponse<'_>>()?.error_code)) {
            tracing::debug!(group = group_id, member_id, %code, reason, "left");
        }
        self.generation = -1;
        self.shared.update(|desk| desk.membership = None);
    }
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
