//! Where the replicas of a new topic go.

use record::{BrokerId, TopicId};

use crate::{Image, Refusal};

/// The replicas of each of `partitions`, each on `factor` brokers that may lead now.
///
/// Leaders go round the brokers. After each round the followers shift by one, so that the partitions of a broker that fails
/// are taken over by many. The topic's random id chooses the first broker.
pub(super) fn place(
    image: &Image,
    partitions: usize,
    factor: usize,
    id: TopicId,
) -> Result<Vec<Vec<BrokerId>>, Refusal> {
    let registered = image.brokers().count();
    if factor > registered {
        let text = format!(
            "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be \
             reached because only {registered} broker(s) are registered or some brokers have all their log directories \
             cordoned."
        );
        return Err(Refusal::InvalidReplicationFactor(text));
    }
    let alive: Vec<BrokerId> = image.brokers().filter(|broker| !broker.fenced).map(|broker| broker.id).collect();
    if factor > alive.len() {
        let text =
            format!("the replication factor of {factor} cannot be reached: only {} brokers are unfenced", alive.len());
        return Err(Refusal::InvalidReplicationFactor(text));
    }
    let start = u128::from_le_bytes(id.0) % alive.len() as u128;
    Ok((0..partitions).map(|partition| replicas(&alive, start as usize, partition, factor)).collect())
}

fn replicas(brokers: &[BrokerId], start: usize, partition: usize, factor: usize) -> Vec<BrokerId> {
    let count = brokers.len();
    let (first, round) = (start + partition, partition / count);
    let follower = |nth: usize| first + 1 + (round + nth) % (count - 1);
    let places = std::iter::once(first).chain((0..factor - 1).map(follower));
    places.map(|place| brokers[place % count]).collect()
}

#[cfg(test)]
mod tests;
