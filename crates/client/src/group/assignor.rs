//! Who reads what, decided by the member of a classic group that the broker chose. Pure.
//!
//! Each assignor does what Java's of the same name promises, so that any member may be the one that assigns.

mod sticky;

use std::collections::BTreeMap;

use super::blobs::MemberSubscription;
use crate::{Assignor, PartitionIndex, TopicPartition};

/// A member, as the one that assigns sees it.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) subscription: MemberSubscription,
}

impl Member {
    /// Static members go before all others, in the order of their names, which outlive their ids.
    fn rank(&self) -> (bool, &str, &str) {
        (self.instance_id.is_none(), self.instance_id.as_deref().unwrap_or_default(), &self.id)
    }

    fn reads(&self, topic: &str) -> bool {
        self.subscription.topics.iter().any(|subscribed| subscribed == topic)
    }
}

/// The partitions of each member; none are left out of the map.
pub(crate) type Assignments = BTreeMap<String, Vec<TopicPartition>>;

/// Decides for all members. `counts` has the number of partitions of each topic; topics that are missing have none.
pub(crate) fn assign(assignor: Assignor, members: &[Member], counts: &BTreeMap<String, i32>) -> Assignments {
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let assigned = match assignor {
        Assignor::Range => range(&members, counts),
        Assignor::RoundRobin => round_robin(&members, counts),
        Assignor::Sticky => sticky::assign(&members, counts, sticky::remembered),
        Assignor::CooperativeSticky => {
            let wanted = sticky::assign(&members, counts, sticky::owned);
            sticky::held_back(&members, wanted)
        }
    };
    let id = |member: &&Member| member.id.clone();
    members.iter().map(id).zip(assigned).collect()
}

/// Of each topic each member gets a range; the first members get one more when it does not come out even.
fn range(members: &[&Member], counts: &BTreeMap<String, i32>) -> Vec<Vec<TopicPartition>> {
    let mut assigned = vec![Vec::new(); members.len()];
    for (topic, &count) in counts {
        let readers: Vec<usize> = (0..members.len()).filter(|&index| members[index].reads(topic)).collect();
        let Ok(len) = i32::try_from(readers.len()) else { continue };
        let mut next = 0;
        for (&reader, place) in readers.iter().zip(0..) {
            let share = count / len + i32::from(place < count % len);
            assigned[reader].extend((next..next + share).map(|partition| named(topic, partition)));
            next += share;
        }
    }
    assigned
}

/// Partitions go round, past members that do not read the topic.
fn round_robin(members: &[&Member], counts: &BTreeMap<String, i32>) -> Vec<Vec<TopicPartition>> {
    let mut assigned = vec![Vec::new(); members.len()];
    let mut turn = 0;
    for (topic, &count) in counts {
        if !members.iter().any(|member| member.reads(topic)) {
            continue;
        }
        for partition in 0..count {
            while !members[turn % members.len()].reads(topic) {
                turn += 1;
            }
            assigned[turn % members.len()].push(named(topic, partition));
            turn += 1;
        }
    }
    assigned
}

fn named(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition: PartitionIndex(partition) }
}

#[cfg(test)]
mod tests;
