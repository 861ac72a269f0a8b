//! The second step: the batches of a turn, partition by partition.

use std::collections::HashMap;
use std::sync::Arc;

use record::{FaultBudget, Offset, ProducedBatch, Rules, Timestamp};
use smallvec::SmallVec;
use storage::{AppendOutcome, Outcomes};

use super::answer::Refused;
use super::recompress;
use crate::errors::append_failure;
use crate::partition::{Partition, PartitionAppendError};

/// So many groups are looked through one by one.
const FEW: usize = 8;

/// What a turn has to append.
#[derive(Default)]
pub struct Appends<'f> {
    groups: SmallVec<[Group<'f>; 1]>,
    /// The place of each partition's group, by the partition's address, once there are more than [`FEW`].
    places: HashMap<usize, usize>,
    /// What telling its records at fault may still cost.
    pub faults: FaultBudget,
    /// Bytes of records that this turn has recompressed on its own thread.
    recompressed_bytes: usize,
    /// The batches that are yet to be recompressed, in order.
    later: Vec<(Place, Rules)>,
}

/// The batches that go to one partition.
struct Group<'f> {
    partition: Arc<Partition>,
    /// The time of the first of its requests.
    now: Timestamp,
    batches: SmallVec<[ProducedBatch<'f>; 4]>,
    /// Those that could not be recompressed, in order.
    refused: Vec<(usize, Refused)>,
    /// The time of the append, where that is no longer the turn's.
    restamped: Option<Timestamp>,
}

/// One batch among the appends of its turn.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Which partition's group.
    pub group: usize,
    /// Which batch of it.
    pub at: usize,
    /// The time of the append, where the batch has that; else -1.
    pub append_time: Timestamp,
}

/// What became of the batches of one partition.
pub struct Appended {
    /// Where they went.
    pub partition: Arc<Partition>,
    /// Of those that were not refused.
    outcomes: Outcomes,
    refused: Vec<(usize, Refused)>,
    /// The time of the append, where that is not its place's.
    restamped: Option<Timestamp>,
    /// What has to be durable before any of them is acknowledged; or why none is in the log.
    durable_before_ack: Result<Offset, PartitionAppendError>,
}

impl<'f> Appends<'f> {
    /// Adds a batch that keeps to `rules`. Where they want another codec, it gets that here or, when that takes long, later.
    pub fn place(
        &mut self,
        partition: &Arc<Partition>,
        mut batch: ProducedBatch<'f>,
        rules: &Rules,
    ) -> Result<Place, Refused> {
        let recompressed = recompress::at_once(&mut batch, rules, &mut self.recompressed_bytes, &mut self.faults);
        let recompressed = recompressed.map_err(|refused| refused.at(partition))?;
        let attributes = batch.header().attributes;
        let append_time = if attributes.is_log_append_time() { rules.now } else { Timestamp::NONE };
        let group = self.group_of(partition, rules.now);
        let batches = &mut self.groups[group].batches;
        batches.push(batch);
        let place = Place { group, at: batches.len() - 1, append_time };
        if !recompressed {
            self.later.push((place, rules.clone()));
        }
        Ok(place)
    }

    /// Whether batches have to be recompressed before [`Appends::run`].
    pub fn has_later(&self) -> bool {
        !self.later.is_empty()
    }

    /// The same without the frames.
    pub fn into_owned(self) -> Appends<'static> {
        let groups = self.groups.into_iter().map(Group::into_owned).collect();
        let Appends { places, faults, recompressed_bytes, later, .. } = self;
        Appends { groups, places, faults, recompressed_bytes, later }
    }

    /// Bytes of all batches.
    pub fn bytes(&self) -> usize {
        self.groups.iter().flat_map(|group| &group.batches).map(|batch| batch.bytes().len()).sum()
    }

    /// Recompresses what was left, as long as it `is_wanted`; returns whether it was to the end. Takes long. All of it together may
    /// have `most` bytes of records; what goes beyond is refused.
    pub fn recompress(&mut self, most: usize, is_wanted: impl Fn() -> bool) -> bool {
        let mut left = most;
        for (Place { group, at, .. }, rules) in self.later.drain(..) {
            if !is_wanted() {
                return false;
            }
            let Group { partition, batches, refused, .. } = &mut self.groups[group];
            if let Err(error) = recompress::whole(&mut batches[at], &rules, &mut left, &mut self.faults) {
                refused.push((at, error.at(partition)));
            }
        }
        true
    }

    /// What is appended is appended at `now`.
    pub fn restamp(&mut self, now: Timestamp) {
        for group in &mut self.groups {
            group.batches.iter_mut().for_each(|batch| batch.set_append_time(now));
            (group.now, group.restamped) = (now, Some(now));
        }
    }

    fn group_of(&mut self, partition: &Arc<Partition>, now: Timestamp) -> usize {
        // The last one first: a connection tends to stay with its partition.
        if self.groups.last().is_some_and(|group| Arc::ptr_eq(&group.partition, partition)) {
            return self.groups.len() - 1;
        }
        let address = |partition: &Arc<Partition>| Arc::as_ptr(partition).addr();
        let found = if self.groups.len() <= FEW {
            self.groups.iter().position(|group| Arc::ptr_eq(&group.partition, partition))
        } else {
            self.places.get(&address(partition)).copied()
        };
        found.unwrap_or_else(|| {
            let place = self.groups.len();
            self.groups.push(Group::new(partition, now));
            let unknown = if place < FEW { place..place } else { self.places.len()..place + 1 };
            self.places.extend(unknown.map(|place| (address(&self.groups[place].partition), place)));
            place
        })
    }

    /// Appends everything, and has nothing any more.
    pub fn run(&mut self) -> SmallVec<[Appended; 1]> {
        let appended = self.groups.iter_mut().map(Group::run).collect();
        self.groups.clear();
        self.places.clear();
        (self.faults, self.recompressed_bytes) = Default::default();
        appended
    }
}

impl Group<'_> {
    fn new(partition: &Arc<Partition>, now: Timestamp) -> Self {
        let (batches, refused) = Default::default();
        Group { partition: Arc::clone(partition), now, batches, refused, restamped: None }
    }

    fn into_owned(self) -> Group<'static> {
        let Group { partition, now, refused, restamped, .. } = self;
        let batches = self.batches.into_iter().map(ProducedBatch::into_owned).collect();
        Group { partition, now, batches, refused, restamped }
    }

    fn run(&mut self) -> Appended {
        let refused = std::mem::take(&mut self.refused);
        remove_all(&mut self.batches, refused.iter().map(|(at, _)| *at));
        let mut outcomes = Outcomes::with_capacity(self.batches.len());
        let durable_before_ack = self.partition.append(&self.batches, self.now, &mut outcomes);
        let (partition, restamped) = (Arc::clone(&self.partition), self.restamped);
        Appended { partition, outcomes, refused, restamped, durable_before_ack }
    }
}

/// Removes what lies at these places, which are in order.
fn remove_all<T, const N: usize>(items: &mut SmallVec<[T; N]>, places: impl Iterator<Item = usize>)
where
    [T; N]: smallvec::Array<Item = T>,
{
    let mut places = places.peekable();
    let mut at = 0..;
    items.retain(|_| at.next().is_some_and(|at| places.next_if_eq(&at).is_none()));
}

impl Appended {
    /// The base offset of a batch and its append time, or why it is not in the log.
    pub fn outcome(&self, place: Place) -> Result<(Offset, Timestamp), Refused> {
        let refused_before = self.refused.partition_point(|(at, _)| *at < place.at);
        if let Some((_, refused)) = self.refused.get(refused_before).filter(|(at, _)| *at == place.at) {
            return Err(refused.clone());
        }
        if let Err(failure) = &self.durable_before_ack {
            return Err(append_failure(failure).into());
        }
        match &self.outcomes[place.at - refused_before] {
            AppendOutcome::Appended { base_offset } => {
                let restamped = self.restamped.filter(|_| place.append_time != Timestamp::NONE);
                Ok((*base_offset, restamped.unwrap_or(place.append_time)))
            }
            // Apache Kafka tells the time of the batch that is in the log, whatever its topic's timestamp type.
            AppendOutcome::Duplicate { base_offset, timestamp } => Ok((*base_offset, *timestamp)),
            AppendOutcome::Rejected(error) => Err(Refused::sequence(error).at(&self.partition)),
        }
    }

    /// Whether nothing has to be waited for: the batches may be acknowledged, or never will be.
    pub fn is_decided(&self) -> bool {
        self.durability().is_some()
    }

    /// Whether the batches may be acknowledged, or why they never will be; `None` while that is not decided.
    pub fn durability(&self) -> Option<Result<(), PartitionAppendError>> {
        self.waits_for().map_or(Some(Ok(())), |until| self.partition.durability(until))
    }

    /// What has to be durable; `None` when the append has failed, which the outcomes tell.
    pub fn waits_for(&self) -> Option<Offset> {
        self.durable_before_ack.as_ref().ok().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_taken_out_of_the_rest() {
        for (places, left) in [(vec![], "abcde"), (vec![0], "bcde"), (vec![1, 2, 4], "ad"), (vec![0, 1, 2, 3, 4], "")] {
            let mut items: SmallVec<[char; 4]> = "abcde".chars().collect();
            remove_all(&mut items, places.iter().copied());
            assert_eq!(items.iter().collect::<String>(), left, "{places:?}");
        }
    }
}
