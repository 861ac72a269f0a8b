//! Uniform, where members are subscribed to different topics.
//!
//! What members have they keep. What nobody has goes to the subscriber with the least, topics with few subscribers first.
//! Then partitions move, topic by topic, from the subscriber with the most to the one with the least until no move would make
//! the two more even. Each move lessens the sum of the squares of what members have, so this ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{NOBODY, Spec};

/// Partitions looked at while balancing, as a multiple of all partitions, before an assignment counts as even enough. Only
/// long chains of overlapping subscriptions come near it.
const EFFORT_MAX: usize = 1_000;

/// By partition, the new owner.
pub(super) fn assign(spec: &Spec<'_>) -> Vec<u32> {
    let mut state = State::of(spec);
    let mut order: Vec<usize> = (0..spec.partitions.len()).collect();
    order.sort_by_key(|topic| state.subscribers[*topic].len());
    order.iter().for_each(|topic| state.fill(*topic));
    let mut effort = EFFORT_MAX * (state.owners.len() + spec.members.len());
    while order.iter().fold(false, |moved, topic| state.even_out(*topic, &mut effort) | moved) && effort > 0 {}
    state.owners
}

struct State {
    owners: Vec<u32>,
    /// By member, how many partitions it has.
    loads: Vec<usize>,
    subscribers: Vec<Vec<u32>>,
    bases: Vec<usize>,
    counts: Vec<usize>,
}

impl State {
    /// What the members have of their own topics.
    fn of(spec: &Spec<'_>) -> State {
        let mut state = State {
            owners: spec.owners.clone(),
            loads: vec![0; spec.members.len()],
            subscribers: spec.subscribers(),
            bases: spec.bases(),
            counts: spec.partitions.iter().map(|count| *count as usize).collect(),
        };
        for topic in 0..state.counts.len() {
            let subscribers = &state.subscribers[topic];
            for owner in &mut state.owners[state.bases[topic]..][..state.counts[topic]] {
                match *owner {
                    NOBODY => {}
                    member if subscribers.binary_search(&member).is_ok() => state.loads[member as usize] += 1,
                    _ => *owner = NOBODY,
                }
            }
        }
        state
    }

    fn range(&self, topic: usize) -> std::ops::Range<usize> {
        self.bases[topic]..self.bases[topic] + self.counts[topic]
    }

    /// Gives away what nobody has of a topic.
    fn fill(&mut self, topic: usize) {
        let range = self.range(topic);
        if !self.owners[range.clone()].contains(&NOBODY) {
            return;
        }
        let load = |member: &u32| Reverse((self.loads[*member as usize], *member));
        let mut least: BinaryHeap<_> = self.subscribers[topic].iter().map(load).collect();
        for partition in range.filter(|partition| self.owners[*partition] == NOBODY).collect::<Vec<_>>() {
            let Some(Reverse((load, member))) = least.pop() else { return };
            self.owners[partition] = member;
            self.loads[member as usize] = load + 1;
            least.push(Reverse((load + 1, member)));
        }
    }

    /// Moves partitions of a topic while that makes two of its subscribers more even; whether any moved.
    fn even_out(&mut self, topic: usize, effort: &mut usize) -> bool {
        if !self.is_uneven(topic, effort) {
            return false;
        }
        let mut held = self.held(topic);
        let load = |member: &u32| (self.loads[*member as usize], *member);
        let mut least: BinaryHeap<_> = self.subscribers[topic].iter().map(|m| Reverse(load(m))).collect();
        let mut most: BinaryHeap<_> = held.iter().map(|(member, _)| load(member)).collect();
        let mut moved = false;
        while let (Some(Reverse((low, to))), Some((high, from))) = (least.peek().copied(), most.peek().copied()) {
            if low != self.loads[to as usize] {
                least.pop();
                least.push(Reverse((self.loads[to as usize], to)));
            } else if high != self.loads[from as usize] {
                most.pop();
                most.push((self.loads[from as usize], from));
            } else if high <= low + 1 || *effort == 0 {
                break;
            } else if let Some(partition) = take(&mut held, from) {
                self.owners[partition] = to;
                self.loads[from as usize] -= 1;
                self.loads[to as usize] += 1;
                *effort -= 1;
                moved = true;
            } else {
                most.pop();
            }
        }
        moved
    }

    fn is_uneven(&self, topic: usize, effort: &mut usize) -> bool {
        *effort = effort.saturating_sub(self.subscribers[topic].len() + self.counts[topic]);
        let least = self.subscribers[topic].iter().map(|member| self.loads[*member as usize]).min();
        let owners = self.owners[self.range(topic)].iter().filter(|owner| **owner != NOBODY);
        let most = owners.map(|owner| self.loads[*owner as usize]).max();
        matches!((least, most), (Some(least), Some(most)) if most > least + 1)
    }

    /// By owner, its partitions of a topic; sorted by owner.
    fn held(&self, topic: usize) -> Vec<(u32, Vec<usize>)> {
        let owned = self.range(topic).filter(|partition| self.owners[*partition] != NOBODY);
        let mut pairs: Vec<(u32, usize)> = owned.map(|partition| (self.owners[partition], partition)).collect();
        pairs.sort_unstable();
        let runs = pairs.chunk_by(|a, b| a.0 == b.0);
        runs.map(|run| (run[0].0, run.iter().map(|pair| pair.1).collect())).collect()
    }
}

fn take(held: &mut [(u32, Vec<usize>)], member: u32) -> Option<usize> {
    let place = held.binary_search_by_key(&member, |entry| entry.0).ok()?;
    held[place].1.pop()
}
