//! What one whole fetch reads, resolved once, so that it can be read again after a wait.

use std::cell::Cell;
use std::sync::Arc;

use net::Outbox;
use record::Offset;
use smallvec::SmallVec;
use storage::{LogPosition, Patience};
use wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, PartitionData,
};
use wire::{Array, ErrorCode};

use super::Limits;
use super::part::{Asked, FetchedTopic, Part};
use super::session::Place;
use crate::api::{Call, Respond};
use crate::node::Node;
use crate::partition::Partition;

/// A fetch, resolved. One of a single partition, as of most consumers that keep up, is read and answered without an allocation.
pub struct Plan {
    respond: Respond,
    topics: SmallVec<[Topic; 1]>,
    limits: Limits,
    /// Where its session is made when it is answered; `None` when it asks for none.
    session: Option<Arc<Node>>,
}

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
    pub is_cold: bool,
}

impl Plan {
    /// Resolves topics and partitions in the call's view. With `opens_session` the answer tells the id of a new session.
    pub fn new(call: &Call<'_>, request: &FetchRequest<'_>, opens_session: bool) -> Plan {
        let replica = super::replica_of(call, request);
        let topics = request.topics.iter().map(|topic| Topic::resolve(call, &topic, replica)).collect();
        let session = opens_session.then(|| Arc::clone(call.node));
        Plan { respond: call.respond(), topics, limits: Limits::of(call, request), session }
    }

    /// Finds the file ranges. The first partition with records gives at least one whole batch, so that a batch larger
    /// than every limit can still be read (KIP-74).
    pub fn read(&self, patience: Patience) -> Found {
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

    /// Each readable partition with the offset that this fetch waits to see passed.
    pub fn watched(&self) -> impl Iterator<Item = (&Arc<Partition>, Offset)> {
        self.wanted().filter_map(|wanted| Some((wanted.target.as_ref().ok()?, wanted.asked.from)))
    }

    /// Writes the answer.
    pub fn answer(&self, found: &Found, outbox: &mut Outbox) {
        let mut parts = found.parts.iter();
        let committed = self.limits.reads_committed;
        let partitions = self.topics.iter().map(|topic| topic.responses(&mut parts, committed));
        let partitions: SmallVec<[_; 1]> = partitions.collect();
        let topics = self.topics.iter().zip(&partitions).map(|(Topic { topic, .. }, partitions)| {
            FetchableTopicResponse { topic: topic.name(), topic_id: topic.id(), partitions: Array::Slice(partitions) }
        });
        let topics: SmallVec<[FetchableTopicResponse<'_>; 1]> = topics.collect();
        let session_id = self.session.as_ref().map_or(0, |node| self.open_session(node, found));
        let response = FetchResponse { session_id, responses: Array::Slice(&topics), ..Default::default() };
        let files = found.parts.iter().filter_map(|part| part.slice.clone());
        self.respond.answer_with_files(outbox, &response, files);
        self.count(found);
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
    pub fn must_answer(&self, plan: &Plan) -> bool {
        self.is_urgent || self.parts.is_empty() || self.bytes >= u64::from(plan.limits.min_bytes)
    }
}
