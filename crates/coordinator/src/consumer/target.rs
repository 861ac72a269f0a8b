//! The target assignment: what each member shall have in an epoch.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use metadata::Topic;

use super::{ConsumerGroup, Reconciling, Work};
use crate::assignor::{Assignor, NOBODY, Spec, Subscriber};
use crate::history::Event;
use crate::records::{Partitions, TargetAssignmentMetadata};
use crate::timers::Timer;
use crate::{Record, Settings};

impl ConsumerGroup {
    /// The assignor that most members wish for, else the operator's first.
    pub(super) fn assignor(&self, settings: &Settings) -> Arc<str> {
        let known = &settings.consumer.assignors;
        let mut votes = vec![0_usize; known.len()];
        for wish in self.members.values().filter_map(|member| member.wants.server_assignor.as_ref()) {
            if let Some(place) = known.iter().position(|known| known == wish) {
                votes[place] += 1;
            }
        }
        let best = votes.iter().max().copied().filter(|best| *best > 0);
        let place = best.and_then(|best| votes.iter().position(|votes| *votes == best)).unwrap_or(0);
        known.get(place).cloned().unwrap_or_else(|| "uniform".into())
    }
}

impl Work<'_, '_> {
    /// Assigns the newest epoch, unless the last assignment is too young; then a timer will.
    pub(super) fn assign_if_due(&mut self) {
        if self.group.assignment_epoch >= self.group.epoch {
            return;
        }
        let timer = Timer::Assignment(Arc::clone(&self.group.id));
        match self.time_until_assignment() {
            Duration::ZERO => {
                self.timers.cancel(&timer);
                self.assign();
            }
            delay if self.timers.due(&timer).is_none() => self.timers.set(timer, self.step.now.monotonic + delay),
            _ => {}
        }
    }

    /// Until so long after the last assignment there is no other, so that members that come together are assigned together.
    fn time_until_assignment(&self) -> Duration {
        let configs = self.step.image.group_configs().of(&self.group.id);
        let own = configs.and_then(|configs| configs.value("consumer.assignment.interval.ms")?.parse().ok());
        let interval = own.map_or(self.settings.consumer.assignment_interval, Duration::from_millis);
        let last = self.group.assignment_timestamp;
        match u64::try_from(self.step.now.wall.0 - last) {
            Ok(age) if last != 0 => interval.saturating_sub(Duration::from_millis(age)),
            // The first one; or the clock was set back, which must not hold the group up.
            _ => Duration::ZERO,
        }
    }

    fn assign(&mut self) {
        let name = self.group.assignor(self.settings);
        let changes = self.changes_by(Assignor::named(&name).unwrap_or(Assignor::Uniform));
        for (member, partitions) in changes {
            let (group, value) = (Arc::clone(&self.group.id), Some(partitions));
            self.apply(Record::ConsumerGroupTargetAssignmentMember { group, member, value });
        }
        let value = TargetAssignmentMetadata {
            assignment_epoch: self.group.epoch,
            assignment_timestamp: self.step.now.wall.0.max(1),
        };
        let (group, generation) = (Arc::clone(&self.group.id), value.assignment_epoch);
        self.apply(Record::ConsumerGroupTargetAssignmentMetadata { group, value: Some(value) });
        self.note(Event::Assigned { generation, assigning: Duration::ZERO });
        let began = self.step.now.monotonic;
        self.group.soft.reconciling = Some(Reconciling { epoch: generation, began, arrivals: 0, noted: false });
    }

    /// The members whose target is to change, with the new one.
    fn changes_by(&self, assignor: Assignor) -> Vec<(Arc<str>, Partitions)> {
        let question = Question::of(self);
        let owners = assignor.assign(&question.spec);
        let group = &*self.group;
        let mut shares = question.shares(&owners);
        let changed = group.members.keys().zip(&mut shares).filter_map(|(id, share)| {
            let share = std::mem::take(share);
            let is_same = group.targets.get(id).map_or(share.is_empty(), |target| *target == share);
            (!is_same).then(|| (Arc::clone(id), share))
        });
        changed.collect()
    }
}

/// A group in the assignors' terms, and the way back.
struct Question<'a> {
    topics: Vec<&'a Topic>,
    spec: Spec<'a>,
}

impl<'a> Question<'a> {
    fn of(work: &'a Work<'_, '_>) -> Question<'a> {
        let group = &*work.group;
        let image = work.step.image;
        let topics: Vec<&Topic> =
            group.subscribed_names().into_iter().filter_map(|name| image.topic(name).map(|topic| &**topic)).collect();
        let partitions: Vec<u32> = topics.iter().map(|topic| topic.partitions.len() as u32).collect();
        let members = subscribers(group, &topics);
        let owners = owners(group, &topics, partitions.iter().map(|count| *count as usize).sum());
        Question { topics, spec: Spec { members, partitions, owners } }
    }

    /// By member, its part.
    fn shares(&self, owners: &[u32]) -> Vec<Partitions> {
        let mut shares = vec![Partitions::new(); self.spec.members.len()];
        let mut owners = owners.iter();
        for topic in &self.topics {
            let mut parts: Vec<(u32, i32)> = owners.by_ref().take(topic.partitions.len()).copied().zip(0..).collect();
            parts.sort_unstable();
            for part in parts.chunk_by(|a, b| a.0 == b.0).filter(|part| part[0].0 != NOBODY) {
                let of_topic = part.iter().map(|(_, partition)| *partition).collect();
                shares[part[0].0 as usize].insert(topic.id, of_topic);
            }
        }
        shares
    }
}

/// A subscription, by names and expression, and the numbers of its topics.
type List<'a> = (&'a [Arc<str>], Option<&'a Arc<str>>, Rc<[u32]>);

fn subscribers<'a>(group: &'a ConsumerGroup, topics: &[&Topic]) -> Vec<Subscriber<'a>> {
    let numbers: HashMap<&str, u32> = topics.iter().map(|topic| &*topic.name).zip(0..).collect();
    let mut lists: Vec<List<'_>> = Vec::new();
    let mut subscribers = Vec::with_capacity(group.members.len());
    for member in group.members.values() {
        let (names, regex) = (&member.wants.subscribed_topic_names[..], member.regex());
        // Members mostly want the same; a handful of lists is compared, more are not worth it.
        let known = lists.iter().rev().take(4).find(|list| list.1 == regex && list.0 == names);
        let topics = known.map(|known| Rc::clone(&known.2)).unwrap_or_else(|| {
            let resolved = regex.and_then(|regex| group.resolved.get(regex));
            let names = names.iter().chain(resolved.into_iter().flat_map(|resolved| &resolved.topics));
            let mut list: Vec<u32> = names.filter_map(|name| numbers.get(&**name).copied()).collect();
            list.sort_unstable();
            list.dedup();
            list.into()
        });
        lists.push((names, regex, Rc::clone(&topics)));
        subscribers.push(Subscriber { instance_id: member.wants.instance_id.as_deref(), topics });
    }
    subscribers
}

/// By partition, the member whose target has it now.
fn owners(group: &ConsumerGroup, topics: &[&Topic], partitions: usize) -> Vec<u32> {
    let mut owners = vec![NOBODY; partitions];
    let mut next = 0;
    let bases = topics.iter().map(|topic| {
        let base = next;
        next += topic.partitions.len();
        (topic.id, (base, topic.partitions.len()))
    });
    let bases: HashMap<_, _> = bases.collect();
    for (number, id) in (0..).zip(group.members.keys()) {
        for (topic, target) in group.targets.get(id).into_iter().flatten() {
            let Some((base, count)) = bases.get(topic) else { continue };
            for partition in target.iter().filter_map(|p| usize::try_from(*p).ok()).filter(|p| p < count) {
                owners[base + partition] = number;
            }
        }
    }
    owners
}
