//! The partitions of one session: what was asked and told of each, and which may have something to tell.
//!
//! A place is *queued* when a fetch must look at it, or *quiet*: all was told, and the partition rings when that is over.
//! Invariant: a place that is not queued has its registration with the partition out, or its number lies in the bell.
//!
//! The queue is the order in which partitions are served. One that gave records goes to its end, so that a large one does
//! not keep the others waiting.

use std::collections::{HashMap, VecDeque};
use std::mem::size_of;
use std::sync::{Arc, Weak};
use std::task::Context;

use record::{Offset, PartitionIndex};
use storage::{LogPosition, Patience};
use wire::ErrorCode;
use wire::messages::fetch::FetchRequest;

use super::super::Limits;
use super::super::part::{Asked, FetchedTopic, Part, TopicKey};
use crate::partition::{Bell, Partition, Ticket};
use crate::view::View;

/// A partition of a whole fetch that becomes one of a session.
pub struct Place<'p> {
    /// Its topic.
    pub topic: FetchedTopic,
    /// What is asked of it.
    pub asked: Asked,
    /// Where it is, as resolved.
    pub target: Result<Arc<Partition>, ErrorCode>,
    /// What is told of it.
    pub part: &'p Part,
}

/// Bytes of one place. A registration in the partition costs about 64 bytes, and the numbers and tables about as much again.
const EACH: usize = size_of::<Slot>() + 2 * size_of::<(TopicKey, PartitionIndex, u32)>() + 64;

/// How large a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Partitions.
    pub partitions: usize,
    /// Memory, an estimate from above.
    pub bytes: usize,
}

/// The partitions of one session.
#[derive(Default)]
pub struct Places {
    /// By number; `None` where one was forgotten.
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    numbers: HashMap<(TopicKey, PartitionIndex), u32>,
    queue: VecDeque<u32>,
    bell: Arc<Bell>,
    name_bytes: usize,
}

struct Slot {
    topic: FetchedTopic,
    asked: Asked,
    /// Weak: a session that nobody uses must not keep a deleted log.
    target: Result<Weak<Partition>, ErrorCode>,
    told: Told,
    /// Where the records will be that a reading did not find yet.
    awaited: Option<LogPosition>,
    /// The registration that is out.
    ticket: Option<Ticket>,
    is_queued: bool,
}

/// What the client knows of a partition. What it does not know yet is unlike anything there is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Told {
    high_watermark: Offset,
    log_start_offset: Offset,
}

/// What a look found.
pub struct Found {
    parts: Vec<(u32, Part)>,
    bytes: u64,
    is_urgent: bool,
    /// A place was not read, nor those behind it: the disk would have been waited for. It is to be looked at again.
    pub is_cold: bool,
}

/// One partition of an answer.
pub struct Answered {
    /// Its topic.
    pub topic: FetchedTopic,
    /// Which.
    pub index: PartitionIndex,
    /// What is told.
    pub part: Part,
}

impl Found {
    /// Errors are told at once, and so is enough data.
    pub fn must_answer(&self, limits: &Limits) -> bool {
        self.is_urgent || self.bytes >= u64::from(limits.min_bytes)
    }
}

impl Told {
    const NOTHING: Told = Told { high_watermark: Offset(-1), log_start_offset: Offset(-1) };

    fn by(part: &Part) -> Told {
        // After an error all is told again.
        match part.error_code {
            ErrorCode::NONE => {
                Told { high_watermark: part.high_watermark_told(), log_start_offset: part.log_start_offset }
            }
            _ => Told::NOTHING,
        }
    }
}

impl Places {
    /// The places of a new session.
    pub fn new<'p>(places: impl Iterator<Item = Place<'p>>) -> Places {
        let mut new = Places::default();
        for place in places {
            let target = place.target.as_ref().map(Arc::downgrade).map_err(|code| *code);
            let number = new.name(place.topic, place.asked, target);
            let slot = new.slots[number as usize].as_mut().expect("it was just named");
            slot.told = Told::by(place.part);
            if slot.is_quiet(place.part) && slot.watch(number, &new.bell) {
                slot.is_queued = false;
            }
        }
        // A partition that was named twice is one place.
        let is_queued = |slot: &Option<Slot>| slot.as_ref().is_some_and(|slot| slot.is_queued);
        new.queue = (0..).zip(&new.slots).filter(|(_, slot)| is_queued(slot)).map(|(number, _)| number).collect();
        new
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// How large they are.
    pub fn size(&self) -> Size {
        Size { partitions: self.numbers.len(), bytes: self.slots.len() * EACH + self.name_bytes }
    }

    /// How large those of a new session would be, at most.
    pub fn size_of_new<'p>(places: impl Iterator<Item = Place<'p>>) -> Size {
        places.fold(Size { partitions: 0, bytes: 0 }, |size, place| Size {
            partitions: size.partitions + 1,
            bytes: size.bytes + EACH + place.topic.name_bytes(),
        })
    }

    /// Takes in what a request changes: first what it names, then what it forgets.
    pub fn update(&mut self, view: &View, version: i16, replica: i32, request: &FetchRequest<'_>) {
        for topic in request.topics.iter() {
            let fetched = FetchedTopic::of(view, version, &topic);
            for partition in topic.partitions.iter() {
                // Resolved when it is looked at.
                let target = Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
                self.name(fetched.clone(), Asked::new(&partition, replica, version), target);
            }
        }
        let mut forgotten = Vec::new();
        for topic in request.forgotten_topics_data.iter() {
            let fetched = FetchedTopic::new(view, version, topic.topic, topic.topic_id);
            let indexes = topic.partitions.iter().map(PartitionIndex);
            forgotten.extend(indexes.filter_map(|index| self.numbers.remove(&(fetched.key.clone(), index))));
        }
        self.forget(forgotten);
    }

    /// Adds a place at the end of the queue, or changes what is asked of it; its number.
    fn name(&mut self, topic: FetchedTopic, asked: Asked, target: Result<Weak<Partition>, ErrorCode>) -> u32 {
        let key = (topic.key.clone(), asked.index);
        if let Some(&number) = self.numbers.get(&key) {
            let slot = self.slots[number as usize].as_mut().expect("numbers are those of places");
            slot.change(asked);
            enqueue(&mut self.queue, number, slot);
            return number;
        }
        self.name_bytes += topic.name_bytes();
        let slot = Slot { topic, asked, target, told: Told::NOTHING, awaited: None, ticket: None, is_queued: true };
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("a session's bytes are bounded")
        });
        self.slots[number as usize] = Some(slot);
        self.numbers.insert(key, number);
        self.queue.push_back(number);
        number
    }

    fn forget(&mut self, numbers: Vec<u32>) {
        if numbers.is_empty() {
            return;
        }
        for &number in &numbers {
            if let Some(mut slot) = self.slots[number as usize].take() {
                slot.withdraw();
                self.name_bytes -= slot.topic.name_bytes().min(self.name_bytes);
            }
        }
        self.queue.retain(|&number| self.slots[number as usize].is_some());
        // What they rang before they were withdrawn must not be heard as a ring of those that get their numbers.
        self.listen();
        self.free.extend(numbers);
    }

    /// Queues the places that were rung for.
    fn listen(&mut self) {
        for number in self.bell.take() {
            if let Some(slot) = &mut self.slots[number as usize] {
                slot.ticket = None;
                enqueue(&mut self.queue, number, slot);
            }
        }
    }

    /// Reads what is queued. Places that turn out to have nothing to tell leave the queue if their partitions will ring.
    pub fn look(&mut self, view: &View, limits: &Limits, patience: Patience) -> Found {
        self.listen();
        let parts = Vec::with_capacity(self.queue.len());
        let mut found = Found { parts, bytes: 0, is_urgent: false, is_cold: false };
        for _ in 0..self.queue.len() {
            let Some(number) = self.queue.pop_front() else { break };
            let Some(slot) = &mut self.slots[number as usize] else { continue };
            let part = slot.read(view, limits, found.bytes, patience);
            if part.is_cold {
                self.queue.push_front(number);
                found.is_cold = true;
                break;
            }
            if slot.ticket.is_some() && slot.is_quiet(&part) {
                slot.is_queued = false;
                continue;
            }
            self.queue.push_back(number);
            found.bytes += part.len();
            found.is_urgent |= part.is_urgent();
            found.parts.push((number, part));
        }
        found
    }

    /// What has to be told of the last look, which the client will know from now on.
    pub fn settle(&mut self, found: Found) -> Vec<Answered> {
        let mut answered = Vec::new();
        let mut served = Vec::new();
        self.queue.clear();
        for (number, part) in found.parts {
            let Some(slot) = &mut self.slots[number as usize] else { continue };
            let told = Told::by(&part);
            let is_news = part.slice.is_some() || part.is_urgent() || told != slot.told;
            slot.told = told;
            match &part.slice {
                Some(slice) => {
                    slot.count(slice.len.into());
                    served.push(number);
                }
                None if slot.is_quiet(&part) && slot.watch(number, &self.bell) => slot.is_queued = false,
                None => self.queue.push_back(number),
            }
            if is_news {
                answered.push(Answered { topic: slot.topic.clone(), index: slot.asked.index, part });
            }
        }
        self.queue.extend(served);
        answered
    }

    /// Lets every place ring, and the bell wake the task that is polled with `cx`. The caller must look again after this.
    pub fn watch(&mut self, cx: &Context<'_>) {
        self.bell.arm(cx);
        // What was rung for has no registration any more, and gets another. A ring from now on wakes the task.
        self.listen();
        for &number in &self.queue {
            if let Some(slot) = &mut self.slots[number as usize] {
                slot.watch(number, &self.bell);
            }
        }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        self.slots.iter_mut().flatten().for_each(Slot::withdraw);
    }
}

fn enqueue(queue: &mut VecDeque<u32>, number: u32, slot: &mut Slot) {
    if !std::mem::replace(&mut slot.is_queued, true) {
        queue.push_back(number);
    }
}

impl Slot {
    fn change(&mut self, asked: Asked) {
        if self.asked.from != asked.from {
            self.awaited = None;
        }
        if !self.asked.goes_where(&asked) {
            // What was resolved may be refused now, or the other way round.
            self.withdraw();
            self.target = Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
        self.asked = asked;
    }

    /// The partition. One that was not there, or is gone, is looked for again.
    fn partition(&mut self, view: &View) -> Result<Arc<Partition>, ErrorCode> {
        let known = self.target.as_ref().ok().and_then(Weak::upgrade).filter(|partition| !partition.is_retired());
        if let Some(partition) = known {
            return Ok(partition);
        }
        // The last partition woke all who waited when it went.
        (self.ticket, self.awaited) = (None, None);
        let found = self.topic.partition(view, &self.asked).map(Arc::clone);
        self.target = found.as_ref().map(Arc::downgrade).map_err(|code| *code);
        found
    }

    fn read(&mut self, view: &View, limits: &Limits, bytes_before: u64, patience: Patience) -> Part {
        let limit = limits.left(bytes_before, self.asked.max_bytes());
        match self.partition(view) {
            Ok(partition) => {
                let part = Part::read(&partition, &self.asked, self.awaited, (limit, bytes_before == 0), patience);
                self.awaited = part.awaited(self.asked.from);
                part
            }
            Err(code) => Part::failed(code),
        }
    }

    /// Whether the client knows all that this reading found, and there is nothing more to read.
    fn is_quiet(&self, part: &Part) -> bool {
        let is_read = part.high_watermark.is_some_and(|end| end.offset <= self.asked.from);
        !part.is_urgent() && part.slice.is_none() && is_read && Told::by(part) == self.told
    }

    /// Registers with the partition, unless that is done. True when what was told still holds: whatever happens after
    /// that, the bell will tell.
    fn watch(&mut self, number: u32, bell: &Arc<Bell>) -> bool {
        let Some(partition) = self.target.as_ref().ok().and_then(Weak::upgrade) else { return false };
        if self.ticket.is_none() {
            let beyond = partition.high_watermark().offset;
            self.ticket = Some(partition.waiters().register_bell(beyond, bell, number));
        }
        let now =
            Told { high_watermark: partition.high_watermark().offset, log_start_offset: partition.log_start_offset() };
        now == self.told && !partition.is_retired()
    }

    /// So many bytes of its partition are given.
    fn count(&self, bytes: u64) {
        if let Some(partition) = self.target.as_ref().ok().and_then(Weak::upgrade) {
            partition.traffic().fetched(bytes);
        }
    }

    fn withdraw(&mut self) {
        if let (Some(ticket), Ok(partition)) = (self.ticket.take(), &self.target)
            && let Some(partition) = partition.upgrade()
        {
            partition.waiters().withdraw(ticket);
        }
    }
}
