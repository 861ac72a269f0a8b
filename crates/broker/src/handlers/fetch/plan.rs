//! What one whole fetch reads, resolved once, so that it can be read again after a wait.

use std::cell::Cell;
use std::sync::Arc;
use std::task::Context;

use net::Outbox;
use net::wake::Wake;
use smallvec::SmallVec;
use storage::{LogPosition, Patience};
use wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, PartitionData,
};
use wire::{Array, ErrorCode};

use super::Limits;
use super::park::{Fetch, Look};
use super::part::{Asked, FetchedTopic, Part};
use super::session::Place;
use crate::api::{Call, Respond};
use crate::node::Node;
use crate::partition::{Partition, Ticket};

/// A fetch, resolved. One of a single partition, as of most consumers that keep up, is read and answered without an allocation.
pub struct Plan {
    respond: Respond,
    topics: SmallVec<[Topic; 1]>,
    limits: Limits,
    /// Where its session is made when it is answered; `None` when it asks for none.
    session: Option<Arc<Node>>,
    tickets: Tickets,
}

/// The registrations of a plan that waits, with each of its partitions. They end with it.
#[derive(Default)]
struct Tickets(Vec<(Arc<Partition>, Ticket)>);

struct Topic {
    topic: FetchedTopic,
    partitions: SmallVec<[Wanted; 1]>,
}

/// One partition's part of the fetch.
struct Wanted {
    asked: Asked,
    target: Result<Arc<Partition>, ErrorCode>,
    /// Where the records will be that a reading did not find yet; saves the next one its look-up.
    awaited: Cell<Option<LogPosition>>,
}

/// What a reading of the plan found, partition by partition in the plan's order.
pub struct Found {
    parts: SmallVec<[Part; 1]>,
    bytes: u64,
    is_urgent: bool,
    /// A part was not read, nor those behind it: the disk would have been waited for.
    is_cold: bool,
}

impl Plan {
    /// Resolves topics and partitions in the call's view. With `opens_session` the answer tells the id of a new session.
    pub fn new(call: &Call<'_>, request: &FetchRequest<'_>, opens_session: bool) -> Plan {
        let replica = super::replica_of(call, request);
        let topics = request.topics.iter().map(|topic| Topic::resolve(call, &topic, replica)).collect();
        let session = opens_session.then(|| Arc::clone(call.node));
        Plan {
            respond: call.respond(),
            topics,
            limits: Limits::of(call, request),
            session,
            tickets: Tickets::default(),
        }
    }

    /// Finds the file ranges. The first partition with records gives at least one whole batch, so that a batch larger
    /// than every limit can still be read (KIP-74).
    fn read(&self, patience: Patience) -> Found {
        let parts = SmallVec::with_capacity(self.wanted().count());
        let mut found = Found { parts, bytes: 0, is_urgent: false, is_cold: false };
        for wanted in self.wanted() {
            let limit = self.limits.left(found.bytes, wanted.asked.max_bytes());
            found.push(wanted.read(limit, found.bytes == 0, patience));
            if found.is_cold {
                break;
            }
        }
        found
    }

    fn count(&self, found: &Found) {
        for (wanted, part) in self.wanted().zip(&found.parts) {
            if let (Ok(partition), Some(slice)) = (&wanted.target, &part.slice) {
                partition.traffic().fetched(slice.len.into());
            }
        }
    }

    fn open_session(&self, node: &Node, found: &Found) -> i32 {
        let wanted =
            self.topics.iter().flat_map(|Topic { topic, partitions }| partitions.iter().map(move |p| (topic, p)));
        let places = wanted.zip(&found.parts).map(|((topic, wanted), part)| Place {
            topic: topic.clone(),
            asked: wanted.asked,
            target: wanted.target.clone(),
            part,
        });
        node.fetch_sessions.open(node.clock.now_ms(), &node.rng, self.respond.version() >= 13, places)
    }

    fn wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.topics.iter().flat_map(|topic| &topic.partitions)
    }
}

impl Fetch for Plan {
    type Reply = Found;

    fn look(&self, is_up: bool, patience: Patience) -> Look<Found> {
        let found = self.read(patience);
        match is_up || found.must_answer(self) {
            _ if found.is_cold => Look::Cold,
            true => Look::Reply(found),
            false => Look::Nothing,
        }
    }

    fn watch(&mut self, cx: &Context<'_>) {
        let mut tickets = std::mem::take(&mut self.tickets);
        tickets.withdraw();
        for wanted in self.wanted() {
            let Ok(partition) = &wanted.target else { continue };
            // Records beyond what an earlier look found are what it waits for.
            let beyond = wanted.asked.from.max(partition.high_watermark().offset);
            let ticket = partition.waiters().register(beyond, Wake::of(cx));
            tickets.0.push((Arc::clone(partition), ticket));
        }
        self.tickets = tickets;
    }

    fn answer(&self, found: Found, outbox: &mut Outbox) {
        let mut parts = found.parts.iter();
        let committed = self.limits.reads_committed;
        let partitions = self.topics.iter().map(|topic| topic.responses(&mut parts, committed));
        let partitions: SmallVec<[_; 1]> = partitions.collect();
        let topics = self.topics.iter().zip(&partitions).map(|(Topic { topic, .. }, partitions)| {
            FetchableTopicResponse { topic: topic.name(), topic_id: topic.id(), partitions: Array::Slice(partitions) }
        });
        let topics: SmallVec<[FetchableTopicResponse<'_>; 1]> = topics.collect();
        let session_id = self.session.as_ref().map_or(0, |node| self.open_session(node, &found));
        let response = FetchResponse { session_id, responses: Array::Slice(&topics), ..Default::default() };
        let files = found.parts.iter().filter_map(|part| part.slice.clone());
        self.respond.answer_with_files(outbox, &response, files);
        self.count(&found);
    }
}

impl Tickets {
    fn withdraw(&mut self) {
        for (partition, ticket) in self.0.drain(..) {
            partition.waiters().withdraw(ticket);
        }
    }
}

impl Drop for Tickets {
    fn drop(&mut self) {
        self.withdraw();
    }
}

impl Topic {
    fn resolve(call: &Call<'_>, topic: &FetchTopic<'_>, replica: i32) -> Topic {
        let mut fetched = FetchedTopic::of(call.view, call.version(), topic);
        let resolve = |partition: FetchPartition| Wanted::resolve(call, &mut fetched, &partition, replica);
        let partitions = topic.partitions.iter().map(resolve).collect();
        Topic { topic: fetched, partitions }
    }
}

impl Topic {
    /// Takes a part for each of its partitions.
    fn responses<'p>(
        &self,
        parts: &mut impl Iterator<Item = &'p Part>,
        reads_committed: bool,
    ) -> SmallVec<[PartitionData<'p>; 1]> {
        let told = self.partitions.iter().zip(parts);
        told.map(|(wanted, part)| part.response(wanted.asked.index.0, reads_committed)).collect()
    }
}

impl Wanted {
    fn resolve(call: &Call<'_>, topic: &mut FetchedTopic, asked: &FetchPartition, replica: i32) -> Wanted {
        let asked = Asked::new(asked, replica, call.version());
        let target = topic.partition(call.view, &asked).map(Arc::clone);
        Wanted { asked, target, awaited: Cell::new(None) }
    }

    fn read(&self, limit: u32, at_least_one: bool, patience: Patience) -> Part {
        match &self.target {
            Ok(partition) => {
                let part = Part::read(partition, &self.asked, self.awaited.get(), (limit, at_least_one), patience);
                self.awaited.set(part.awaited(self.asked.from));
                part
            }
            Err(code) => Part::failed(*code),
        }
    }
}

impl Found {
    fn push(&mut self, part: Part) {
        self.bytes += part.len();
        self.is_urgent |= part.is_urgent();
        self.is_cold |= part.is_cold;
        self.parts.push(part);
    }

    /// Errors are told at once, and so is enough data.
    fn must_answer(&self, plan: &Plan) -> bool {
        self.is_urgent || self.parts.is_empty() || self.bytes >= u64::from(plan.limits.min_bytes)
    }
}
