//! Assignments that are as even as can be, and as near to what they were as can be (KIP-54, KIP-341, KIP-429).

use std::collections::{BTreeMap, HashMap};

use super::{Member, named};
use crate::TopicPartition;
use crate::group::blobs::{decode_cooperative, decode_sticky};

/// What a member says it has, and since which generation.
type Claims = (Vec<TopicPartition>, i32);

/// From what eager members remember; whoever wrote nothing that can be read has nothing.
pub(super) fn remembered(member: &Member) -> Claims {
    let user_data = member.subscription.user_data.as_deref();
    user_data.and_then(|bytes| decode_sticky(bytes).ok()).unwrap_or((Vec::new(), -1))
}

/// From what cooperative members own.
pub(super) fn owned(member: &Member) -> Claims {
    let subscription = &member.subscription;
    let told = || subscription.user_data.as_deref().and_then(|bytes| decode_cooperative(bytes).ok());
    let generation = if subscription.generation >= 0 { subscription.generation } else { told().unwrap_or(-1) };
    (subscription.owned.clone(), generation)
}

/// A partition that changes hands goes to nobody yet: its owner gives it up, and joins again (KIP-429).
pub(super) fn held_back(members: &[&Member], mut wanted: Vec<Vec<TopicPartition>>) -> Vec<Vec<TopicPartition>> {
    let mut owners: HashMap<&TopicPartition, Vec<usize>> = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        member.subscription.owned.iter().for_each(|partition| owners.entry(partition).or_default().push(index));
    }
    for (index, partitions) in wanted.iter_mut().enumerate() {
        let is_free = |partition: &TopicPartition| {
            owners.get(partition).is_none_or(|owners| owners.iter().all(|&owner| owner == index))
        };
        partitions.retain(is_free);
    }
    wanted
}

/// Partitions by number, as these are compared and moved a lot.
struct Board {
    /// All partitions, topic after topic.
    partitions: Vec<TopicPartition>,
    /// The topic of each, by number.
    topic_of: Vec<usize>,
    /// The members that read each topic.
    readers: Vec<Vec<usize>>,
    /// Who has each partition.
    owner: Vec<Option<usize>>,
    /// How many partitions each member has.
    load: Vec<usize>,
}

/// Decides for members in the order of their rank.
pub(super) fn assign(
    members: &[&Member],
    counts: &BTreeMap<String, i32>,
    claims: fn(&Member) -> Claims,
) -> Vec<Vec<TopicPartition>> {
    let mut board = Board::new(members, counts);
    board.keep(members, claims);
    let alike = board.readers.iter().all(|readers| readers.len() == members.len());
    if alike && !members.is_empty() {
        board.trim();
    }
    board.deal();
    while board.level() {}
    board.read(members.len())
}

impl Board {
    fn new(members: &[&Member], counts: &BTreeMap<String, i32>) -> Board {
        let (mut partitions, mut topic_of, mut readers) = (Vec::new(), Vec::new(), Vec::new());
        for (topic, &count) in counts {
            let of_topic: Vec<usize> = (0..members.len()).filter(|&index| members[index].reads(topic)).collect();
            if of_topic.is_empty() {
                continue;
            }
            for partition in 0..count {
                partitions.push(named(topic, partition));
                topic_of.push(readers.len());
            }
            readers.push(of_topic);
        }
        Board { owner: vec![None; partitions.len()], load: vec![0; members.len()], partitions, topic_of, readers }
    }

    /// Partitions stay where they are. Of two members that claim one, the later generation is right; of two in the same
    /// generation neither.
    fn keep(&mut self, members: &[&Member], claims: fn(&Member) -> Claims) {
        let numbers: HashMap<TopicPartition, usize> = self.partitions.iter().cloned().zip(0..).collect();
        let mut best: Vec<Option<(i32, Option<usize>)>> = vec![None; self.partitions.len()];
        for (index, member) in members.iter().enumerate() {
            let (partitions, generation) = claims(member);
            for number in partitions.iter().filter_map(|partition| numbers.get(partition).copied()) {
                if self.readers[self.topic_of[number]].binary_search(&index).is_err() {
                    continue;
                }
                best[number] = match best[number] {
                    Some((other, _)) if other > generation => continue,
                    Some((other, Some(owner))) if other == generation && owner != index => Some((generation, None)),
                    Some((other, None)) if other == generation => continue,
                    _ => Some((generation, Some(index))),
                };
            }
        }
        for (number, claim) in best.into_iter().enumerate() {
            if let Some((_, Some(owner))) = claim {
                self.give(number, owner);
            }
        }
    }

    fn give(&mut self, number: usize, member: usize) {
        if let Some(before) = self.owner[number].replace(member) {
            self.load[before] -= 1;
        }
        self.load[member] += 1;
    }

    /// Where all members read the same, each has one of two numbers of partitions; what is above is free for others.
    fn trim(&mut self) {
        let members = self.load.len();
        let (least, mut extra) = (self.partitions.len() / members, self.partitions.len() % members);
        let quota = |&load: &usize| {
            let has_more = load > least && extra > 0;
            extra -= usize::from(has_more);
            least + usize::from(has_more)
        };
        let quota: Vec<usize> = self.load.iter().map(quota).collect();
        for number in (0..self.partitions.len()).rev() {
            let Some(owner) = self.owner[number] else { continue };
            if self.load[owner] > quota[owner] {
                self.owner[number] = None;
                self.load[owner] -= 1;
            }
        }
    }

    /// What is free goes to whoever has least of those that may have it; topics that few read go first.
    fn deal(&mut self) {
        let mut free: Vec<usize> = (0..self.partitions.len()).filter(|&number| self.owner[number].is_none()).collect();
        free.sort_by_key(|&number| self.readers[self.topic_of[number]].len());
        for of_topic in
            free.chunk_by(|&a, &b| self.topic_of[a] == self.topic_of[b]).map(<[_]>::to_vec).collect::<Vec<_>>()
        {
            let readers = &self.readers[self.topic_of[of_topic[0]]];
            let ranked = readers.iter().map(|&member| std::cmp::Reverse((self.load[member], member)));
            let mut least: std::collections::BinaryHeap<_> = ranked.collect();
            for number in of_topic {
                let Some(std::cmp::Reverse((load, member))) = least.pop() else { break };
                self.give(number, member);
                least.push(std::cmp::Reverse((load + 1, member)));
            }
        }
    }

    /// Moves single partitions from members with many to members with few; false when no such move is left. Each move makes
    /// the sum of the squares smaller, so that this ends.
    fn level(&mut self) -> bool {
        let mut of_topic = vec![Vec::new(); self.readers.len()];
        (0..self.partitions.len()).for_each(|number| of_topic[self.topic_of[number]].push(number));
        let mut moved = false;
        for (topic, numbers) in of_topic.iter().enumerate() {
            loop {
                let fullest = numbers.iter().copied().max_by_key(|&number| self.load_of_owner(number));
                let emptiest = self.readers[topic].iter().copied().min_by_key(|&member| self.load[member]);
                let (Some(number), Some(member)) = (fullest, emptiest) else { break };
                if self.load_of_owner(number) <= self.load[member] + 1 {
                    break;
                }
                self.give(number, member);
                moved = true;
            }
        }
        moved
    }

    fn load_of_owner(&self, number: usize) -> usize {
        self.owner[number].map_or(0, |owner| self.load[owner])
    }

    fn read(self, members: usize) -> Vec<Vec<TopicPartition>> {
        let mut assigned = vec![Vec::new(); members];
        for (partition, owner) in self.partitions.into_iter().zip(self.owner) {
            if let Some(owner) = owner {
                assigned[owner].push(partition);
            }
        }
        assigned
    }
}
