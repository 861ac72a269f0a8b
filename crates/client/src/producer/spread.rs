//! Which partition takes the next record that names none. Pure.

use tokio::time::Instant;

use super::partition::{PartitionQueue, Rules};
use crate::Partitioner;

/// How a partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    /// Batches that wait.
    pub(super) waiting: usize,
    /// Whether records go away from it: it has a leader, and that one takes batches.
    pub(super) available: bool,
}

impl Load {
    pub(super) fn of(partition: &PartitionQueue, partitioner: &Partitioner, now: Instant, rules: &Rules) -> Load {
        let stuck = match partitioner {
            Partitioner::Adaptive(settings) => {
                settings.availability_timeout.is_some_and(|timeout| partition.is_stuck(now, timeout, rules))
            }
            _ => false,
        };
        Load { waiting: partition.len(), available: partition.has_leader && !stuck }
    }
}

/// Where a topic's records without a partition go at present.
#[derive(Debug, Default)]
pub(super) struct Spread {
    current: Option<usize>,
    /// Bytes that went there since it was chosen.
    placed: usize,
    switch: bool,
}

impl Spread {
    /// The partition that was chosen last.
    pub(super) fn current(&self) -> Option<usize> {
        self.current
    }

    /// The partition of the next record. `full` says that the batch of the current one has no room for it.
    pub(super) fn choose(
        &mut self,
        partitioner: &Partitioner,
        count: usize,
        full: bool,
        load: impl Fn(usize) -> Load,
        random: impl FnOnce() -> u64,
    ) -> usize {
        let current = self.current.filter(|&current| current < count);
        let next = match (partitioner, current) {
            (Partitioner::RoundRobin, _) => next_in_turn(current, count, &load),
            (Partitioner::Sticky, Some(current)) if !full => return current,
            (Partitioner::Sticky, _) => another(current, count, &load, random()),
            (_, Some(current)) if !self.switch => return current,
            (Partitioner::Adaptive(settings), _) if settings.by_load => by_load(count, &load, random()),
            (_, _) => evenly(count, &load, random()),
        };
        *self = Spread { current: Some(next), placed: 0, switch: false };
        next
    }

    /// Counts a record; a partition that has had its share is left, if possible at the end of a batch (KIP-794).
    pub(super) fn placed(&mut self, index: usize, len: usize, sealed: bool, rules: &Rules) {
        if self.current == Some(index) {
            self.placed += len;
            let share = rules.batch_bytes.max(1);
            self.switch = self.placed >= share && (sealed || self.placed >= share.saturating_mul(2));
        }
    }
}

/// The partitions that are available; all, if none is.
fn candidates(count: usize, load: &impl Fn(usize) -> Load) -> Vec<usize> {
    let available: Vec<usize> = (0..count).filter(|&index| load(index).available).collect();
    if available.is_empty() { (0..count).collect() } else { available }
}

fn next_in_turn(current: Option<usize>, count: usize, load: &impl Fn(usize) -> Load) -> usize {
    let first = current.map_or(0, |current| (current + 1) % count);
    let mut turn = (first..count).chain(0..first);
    turn.find(|&index| load(index).available).unwrap_or(first)
}

/// Any but the current one (KIP-480).
fn another(current: Option<usize>, count: usize, load: &impl Fn(usize) -> Load, random: u64) -> usize {
    let mut candidates = candidates(count, load);
    if candidates.len() > 1 {
        candidates.retain(|&index| Some(index) != current);
    }
    candidates[(random % candidates.len() as u64) as usize]
}

fn evenly(count: usize, load: &impl Fn(usize) -> Load, random: u64) -> usize {
    let candidates = candidates(count, load);
    candidates[(random % candidates.len() as u64) as usize]
}

/// The more batches wait, the less likely is a partition: its weight is the longest queue, plus one, less its own.
fn by_load(count: usize, load: &impl Fn(usize) -> Load, random: u64) -> usize {
    let candidates = candidates(count, load);
    let longest = candidates.iter().map(|&index| load(index).waiting).max().unwrap_or(0);
    let weight = |index: usize| (longest + 1 - load(index).waiting.min(longest)) as u64;
    let total: u64 = candidates.iter().map(|&index| weight(index)).sum();
    let mut left = random % total.max(1);
    for &index in &candidates {
        match left.checked_sub(weight(index)) {
            Some(rest) => left = rest,
            None => return index,
        }
    }
    candidates[0]
}

#[cfg(test)]
mod tests;
