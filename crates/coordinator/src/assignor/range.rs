//! Range: of each topic every subscriber gets a run of partitions, the first ones one more when it does not come out even.
//!
//! Members are taken in the same order for each topic, so topics of as many partitions and with the same subscribers are
//! co-partitioned: who has partition 3 of one has partition 3 of the others.

use super::{NOBODY, Spec};

/// By partition, the new owner.
pub(super) fn assign(spec: &Spec<'_>) -> Vec<u32> {
    let mut owners = vec![NOBODY; spec.owners.len()];
    let mut rest = &mut owners[..];
    for (subscribers, count) in in_order(spec).iter().zip(&spec.partitions) {
        let (topic, others) = std::mem::take(&mut rest).split_at_mut(*count as usize);
        rest = others;
        split(topic, subscribers);
    }
    owners
}

fn split(topic: &mut [u32], subscribers: &[u32]) {
    if subscribers.is_empty() {
        return;
    }
    let (least, more) = (topic.len() / subscribers.len(), topic.len() % subscribers.len());
    let mut rest = topic;
    for (place, subscriber) in subscribers.iter().enumerate() {
        let (run, others) = rest.split_at_mut(least + usize::from(place < more));
        run.fill(*subscriber);
        rest = others;
    }
}

/// By topic, its subscribers: static members by their instance ids, then the others by their ids. A static member keeps its
/// place, and so its range, when it comes back with another id.
fn in_order(spec: &Spec<'_>) -> Vec<Vec<u32>> {
    let mut places: Vec<u32> = (0..spec.members.len() as u32).collect();
    let instance = |member: &u32| spec.members[*member as usize].instance_id;
    places.sort_by_key(|member| (instance(member).is_none(), instance(member)));
    let mut subscribers = vec![Vec::new(); spec.partitions.len()];
    for place in places {
        spec.members[place as usize].topics.iter().for_each(|topic| subscribers[*topic as usize].push(place));
    }
    subscribers
}
