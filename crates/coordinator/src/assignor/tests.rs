//! The assignors' promises, over random groups.

use std::time::Instant;

use super::*;

/// A small generator, so that a failure names its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn subscriber(topics: &[u32]) -> Subscriber<'static> {
    Subscriber { instance_id: None, topics: topics.into() }
}

fn spec(partitions: &[u32], members: &[&[u32]]) -> Spec<'static> {
    let total: u32 = partitions.iter().sum();
    Spec {
        members: members.iter().map(|topics| subscriber(topics)).collect(),
        partitions: partitions.to_vec(),
        owners: vec![NOBODY; total as usize],
    }
}

/// A group of random subscriptions, each topic with a subscriber, and owners that may be anybody.
fn random(dice: &mut Dice, alike: bool) -> Spec<'static> {
    let topics = 1 + dice.below(5) as u32;
    let members = 1 + dice.below(6) as u32;
    let partitions: Vec<u32> = (0..topics).map(|_| dice.below(9) as u32).collect();
    let mut lists: Vec<Vec<u32>> = (0..members).map(|_| (0..topics).filter(|_| alike || dice.below(2) == 0).collect()).collect();
    for topic in 0..topics {
        let member = dice.below(u64::from(members)) as usize;
        if !lists[member].contains(&topic) {
            lists[member].push(topic);
            lists[member].sort_unstable();
        }
    }
    let lists: Vec<&[u32]> = lists.iter().map(|list| &list[..]).collect();
    let mut spec = spec(&partitions, &lists);
    for owner in &mut spec.owners {
        *owner = if dice.below(3) == 0 { NOBODY } else { dice.below(u64::from(members)) as u32 };
    }
    spec
}

fn topic_of(spec: &Spec<'_>, partition: usize) -> u32 {
    let last = spec.bases().iter().zip(&spec.partitions).rposition(|(base, count)| *base <= partition && *count > 0);
    last.expect("the first topic begins at 0") as u32
}

fn loads(spec: &Spec<'_>, owners: &[u32]) -> Vec<usize> {
    (0..spec.members.len() as u32).map(|member| owners.iter().filter(|owner| **owner == member).count()).collect()
}

/// Everything is owned, by subscribers.
fn assert_whole(spec: &Spec<'_>, owners: &[u32], seed: u64) {
    assert_eq!(owners.len(), spec.owners.len());
    for (partition, owner) in owners.iter().enumerate() {
        assert_ne!(*owner, NOBODY, "seed {seed}: partition {partition}");
        let topics = &spec.members[*owner as usize].topics;
        assert!(topics.contains(&topic_of(spec, partition)), "seed {seed}: {owner} is not subscribed");
    }
}

/// No partition could move to a subscriber that has less by two.
fn assert_even(spec: &Spec<'_>, owners: &[u32], seed: u64) {
    let loads = loads(spec, owners);
    for (partition, owner) in owners.iter().enumerate() {
        let topic = topic_of(spec, partition);
        for (member, subscriber) in spec.members.iter().enumerate() {
            let even = loads[*owner as usize] <= loads[member] + 1 || !subscriber.topics.contains(&topic);
            assert!(even, "seed {seed}: partition {partition} of {owner} should be {member}'s: {loads:?}");
        }
    }
}

#[test]
fn uniform_is_whole_and_even_whatever_the_subscriptions() {
    for seed in 0..4_000 {
        let spec = random(&mut Dice(seed), seed % 2 == 0);
        let owners = Assignor::Uniform.assign(&spec);
        assert_whole(&spec, &owners, seed);
        assert_even(&spec, &owners, seed);
    }
}

#[test]
fn uniform_changes_nothing_that_is_even_already() {
    for seed in 0..2_000 {
        let mut spec = random(&mut Dice(seed), seed % 2 == 0);
        spec.owners = Assignor::Uniform.assign(&spec);
        assert_eq!(Assignor::Uniform.assign(&spec), spec.owners, "seed {seed}");
    }
}

#[test]
fn uniform_moves_no_more_than_an_even_share_needs() {
    for seed in 0..2_000 {
        let spec = random(&mut Dice(seed), true);
        let owners = Assignor::Uniform.assign(&spec);
        let kept = owners.iter().zip(&spec.owners).filter(|(new, old)| new == old).count();
        assert_eq!(kept, most_that_can_be_kept(&spec), "seed {seed}");
    }
}

/// In any even share, so many members may have one more than the least; they are best those that have it now.
fn most_that_can_be_kept(spec: &Spec<'_>) -> usize {
    let members = spec.members.len();
    let (least, more) = (spec.owners.len() / members, spec.owners.len() % members);
    let held = loads(spec, &spec.owners);
    let beyond = held.iter().filter(|held| **held > least).count().min(more);
    held.iter().map(|held| (*held).min(least)).sum::<usize>() + beyond
}

#[test]
fn range_is_whole_and_gives_each_subscriber_of_a_topic_as_much_give_or_take_one() {
    for seed in 0..2_000 {
        let spec = random(&mut Dice(seed), seed % 2 == 0);
        let owners = Assignor::Range.assign(&spec);
        assert_whole(&spec, &owners, seed);
        for (topic, subscribers) in spec.subscribers().iter().enumerate() {
            let range = spec.bases()[topic]..spec.bases()[topic] + spec.partitions[topic] as usize;
            let count = |member: &u32| owners[range.clone()].iter().filter(|owner| *owner == member).count();
            let counts: Vec<usize> = subscribers.iter().map(count).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "seed {seed}: {counts:?}");
            assert!(owners[range].is_sorted(), "seed {seed}: ranges are runs");
        }
    }
}

#[test]
fn range_gives_topics_of_as_many_partitions_alike() {
    let owners = Assignor::Range.assign(&spec(&[5, 5, 2], &[&[0, 1, 2], &[0, 1, 2]]));
    assert_eq!(owners, [0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1]);
}

#[test]
fn range_takes_static_members_first_by_their_instance_ids() {
    let mut spec = spec(&[4], &[&[0], &[0], &[0]]);
    spec.members[1].instance_id = Some("b");
    spec.members[2].instance_id = Some("a");
    assert_eq!(Assignor::Range.assign(&spec), [2, 2, 1, 0]);
}

#[test]
fn uniform_spreads_the_partitions_of_each_topic() {
    assert_eq!(Assignor::Uniform.assign(&spec(&[2, 2], &[&[0, 1], &[0, 1]])), [0, 1, 0, 1]);
}

#[test]
fn without_members_nobody_owns_anything() {
    assert_eq!(Assignor::Uniform.assign(&spec(&[2], &[])), [NOBODY; 2]);
    assert_eq!(Assignor::Range.assign(&spec(&[2], &[])), [NOBODY; 2]);
}

#[test]
fn no_topics_is_an_assignment_too() {
    for assignor in [Assignor::Uniform, Assignor::Range] {
        assert_eq!(assignor.assign(&spec(&[], &[&[], &[]])), []);
        assert_eq!(assignor.assign(&spec(&[0], &[&[0]])), []);
    }
}

/// The bound is far above what it takes, which a run with `--nocapture` tells.
#[test]
fn a_thousand_members_and_ten_thousand_partitions_are_assigned_in_a_moment() {
    let topics: Vec<u32> = (0..100).collect();
    let alike: Vec<&[u32]> = vec![&topics; 1_000];
    let different: Vec<&[u32]> = (0..1_000).map(|member| &topics[member % 50..member % 50 + 50]).collect();
    for (name, members) in [("alike", alike), ("different", different)] {
        for assignor in [Assignor::Uniform, Assignor::Range] {
            let mut spec = spec(&[100; 100], &members);
            for case in ["new", "kept"] {
                let start = Instant::now();
                let owners = assignor.assign(&spec);
                println!("{assignor:?}, {name}, {case}: {:?}", start.elapsed());
                assert!(start.elapsed().as_millis() < 2_000);
                spec.owners = owners;
            }
        }
    }
}
