use std::collections::BTreeSet;

use host::Rng;

use super::*;
use crate::group::blobs::{encode_cooperative, encode_sticky};

const ALL: [Assignor; 4] = [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];

fn member(id: &str, topics: &[&str]) -> Member {
    let topics = topics.iter().map(|&topic| topic.to_owned()).collect();
    let subscription = MemberSubscription { topics, generation: -1, ..MemberSubscription::default() };
    Member { id: id.to_owned(), instance_id: None, subscription }
}

fn counts(counts: &[(&str, i32)]) -> BTreeMap<String, i32> {
    counts.iter().map(|&(topic, count)| (topic.to_owned(), count)).collect()
}

fn shown(assignments: &Assignments) -> String {
    let one = |(id, partitions): (&String, &Vec<TopicPartition>)| {
        let names: Vec<String> =
            partitions.iter().map(|partition| format!("{}{}", partition.topic, partition.partition)).collect();
        format!("{id}: {}", names.join(" "))
    };
    assignments.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The examples in the documentation of Java's assignors.
#[test]
fn range_and_round_robin_do_as_java() {
    let both = [member("c0", &["a", "b"]), member("c1", &["a", "b"])];
    let three = counts(&[("a", 3), ("b", 3)]);
    assert_eq!(shown(&assign(Assignor::Range, &both, &three)), "c0: a0 a1 b0 b1, c1: a2 b2");
    assert_eq!(shown(&assign(Assignor::RoundRobin, &both, &three)), "c0: a0 a2 b1, c1: a1 b0 b2");
    let differ = [member("c0", &["a"]), member("c1", &["a", "b"]), member("c2", &["a", "b", "c"])];
    let grows = counts(&[("a", 1), ("b", 2), ("c", 3)]);
    assert_eq!(shown(&assign(Assignor::RoundRobin, &differ, &grows)), "c0: a0, c1: b0, c2: b1 c0 c1 c2");
}

/// KIP-345: ranks do not change when a static member comes back under another id.
#[test]
fn static_members_go_first_by_their_names() {
    let named = |id: &str, instance: &str| Member { instance_id: Some(instance.to_owned()), ..member(id, &["a"]) };
    let members = [member("0", &["a"]), named("9", "x"), named("8", "y")];
    assert_eq!(shown(&assign(Assignor::Range, &members, &counts(&[("a", 3)]))), "0: a2, 8: a1, 9: a0");
}

/// The example in KIP-54: one of three members leaves, the others keep what they have.
#[test]
fn sticky_moves_only_what_must_move() {
    let topics = counts(&[("t0", 2), ("t1", 2), ("t2", 2), ("t3", 2)]);
    let of = |id: &str, had: &[(&str, i32)]| {
        let had: Vec<_> = had.iter().map(|&(topic, partition)| named(topic, partition)).collect();
        let mut member = member(id, &["t0", "t1", "t2", "t3"]);
        member.subscription.user_data = Some(encode_sticky(&had, 1));
        member
    };
    let c0 = of("c0", &[("t0", 0), ("t1", 1), ("t3", 0)]);
    let c2 = of("c2", &[("t1", 0), ("t2", 1)]);
    let assigned = assign(Assignor::Sticky, &[c0.clone(), c2.clone()], &topics);
    for member in [c0, c2] {
        let (had, _) = sticky::remembered(&member);
        assert!(had.iter().all(|partition| assigned[&member.id].contains(partition)), "{}", shown(&assigned));
        assert_eq!(assigned[&member.id].len(), 4);
    }
}

/// KIP-341: a member that was away and comes back with what it had long ago does not win against who has it now.
#[test]
fn of_two_claims_the_later_generation_is_right_and_of_equal_ones_neither() {
    let of = |id: &str, had: &[i32], generation| {
        let had: Vec<_> = had.iter().map(|&partition| named("t", partition)).collect();
        let mut member = member(id, &["t"]);
        member.subscription.user_data = Some(encode_sticky(&had, generation));
        member
    };
    let assigned = assign(Assignor::Sticky, &[of("a", &[0, 1], 1), of("b", &[1], 2)], &counts(&[("t", 2)]));
    assert_eq!(shown(&assigned), "a: t0, b: t1");
    let assigned = assign(Assignor::Sticky, &[of("a", &[0, 1], 2), of("b", &[0], 2)], &counts(&[("t", 2)]));
    assert_eq!(shown(&assigned), "a: t1, b: t0");
}

/// KIP-429: who owns a partition has to give it up before another may have it.
#[test]
fn cooperative_members_get_nothing_that_another_owns() {
    let owner = |id: &str, owned: &[i32]| {
        let mut member = member(id, &["t"]);
        member.subscription.owned = owned.iter().map(|&partition| named("t", partition)).collect();
        member.subscription.user_data = Some(encode_cooperative(4));
        member
    };
    let topics = counts(&[("t", 4)]);
    let first = assign(Assignor::CooperativeSticky, &[owner("a", &[0, 1, 2, 3]), owner("b", &[])], &topics);
    assert_eq!(shown(&first), "a: t0 t1, b: ");
    let second = assign(Assignor::CooperativeSticky, &[owner("a", &[0, 1]), owner("b", &[])], &topics);
    assert_eq!(shown(&second), "a: t0 t1, b: t2 t3");
}

/// A random group that changes step by step, as members see it.
struct Group {
    members: Vec<Member>,
    counts: BTreeMap<String, i32>,
    next: u32,
}

impl Group {
    fn change(&mut self, rng: &Rng, alike: bool) {
        let topics: Vec<String> = self.counts.keys().cloned().collect();
        let mut subscription: Vec<&str> =
            topics.iter().map(String::as_str).filter(|_| alike || rng.below(2) == 0).collect();
        subscription.extend(topics.first().map(String::as_str).filter(|_| subscription.is_empty()));
        match rng.below(4) {
            0 if self.members.len() > 1 => {
                self.members.swap_remove(rng.below(self.members.len() as u64) as usize);
            }
            1 => *self.counts.values_mut().next().unwrap() += rng.below(3) as i32,
            _ => {
                self.members.push(member(&format!("m{}", self.next), &subscription));
                self.next += 1;
            }
        }
    }

    fn check(&self, assignor: Assignor, assigned: &Assignments, whole: bool) {
        let all: Vec<&TopicPartition> = assigned.values().flatten().collect();
        let once: BTreeSet<&&TopicPartition> = all.iter().collect();
        assert_eq!(once.len(), all.len(), "{assignor:?} gives one twice: {}", shown(assigned));
        assert_eq!(assigned.len(), self.members.len());
        for member in &self.members {
            assert!(assigned[&member.id].iter().all(|partition| member.reads(&partition.topic)));
        }
        let wanted = self.counts.iter().filter(|(topic, _)| self.members.iter().any(|member| member.reads(topic)));
        let wanted: i32 = wanted.map(|(_, count)| count).sum();
        if whole {
            assert_eq!(all.len() as i32, wanted, "{assignor:?} leaves some out: {}", shown(assigned));
        }
    }

    /// No partition could go to a member that has two less.
    fn check_even(&self, assigned: &Assignments) {
        for (owner, partition) in assigned.iter().flat_map(|(owner, all)| all.iter().map(move |one| (owner, one))) {
            for member in self.members.iter().filter(|member| member.reads(&partition.topic)) {
                let (many, few) = (assigned[owner].len(), assigned[&member.id].len());
                assert!(many <= few + 1, "{owner} has {many}, {} has {few}: {}", member.id, shown(assigned));
            }
        }
    }

    fn remember(&mut self, assignor: Assignor, assigned: &Assignments, generation: i32) {
        for member in &mut self.members {
            let had = assigned[&member.id].clone();
            match assignor {
                Assignor::CooperativeSticky => {
                    (member.subscription.owned, member.subscription.generation) = (had, generation);
                }
                _ => member.subscription.user_data = Some(encode_sticky(&had, generation)),
            }
        }
    }
}

#[test]
fn whatever_happens_to_a_group_each_partition_has_one_reader_and_loads_are_even() {
    for seed in 0..60 {
        let (rng, alike) = (Rng::seeded(seed), seed % 2 == 0);
        for assignor in ALL {
            let topics = [("t0", 1 + rng.below(9) as i32), ("t1", rng.below(12) as i32), ("t2", rng.below(5) as i32)];
            let mut group = Group { members: Vec::new(), counts: counts(&topics), next: 0 };
            group.members.push(member("first", &["t0", "t1", "t2"]));
            for generation in (1..160).step_by(8) {
                group.change(&rng, alike);
                let mut assigned = assign(assignor, &group.members, &group.counts);
                group.check(assignor, &assigned, assignor != Assignor::CooperativeSticky);
                group.remember(assignor, &assigned, generation);
                // What was held back is given in the next generations, of which there are few.
                for follows in 1..8 {
                    let before = std::mem::replace(&mut assigned, assign(assignor, &group.members, &group.counts));
                    group.check(assignor, &assigned, false);
                    group.remember(assignor, &assigned, generation + follows);
                    if before == assigned {
                        break;
                    }
                }
                group.check(assignor, &assigned, true);
                if matches!(assignor, Assignor::Sticky | Assignor::CooperativeSticky) {
                    group.check_even(&assigned);
                    assert_eq!(assign(assignor, &group.members, &group.counts), assigned, "nothing moves for nothing");
                }
            }
        }
    }
}

/// When all read the same, the fewest partitions move: none from a member that has no more than its share.
#[test]
fn sticky_takes_only_from_members_that_have_too_much() {
    for seed in 0..60 {
        let rng = Rng::seeded(seed);
        let mut group = Group { members: vec![member("first", &["t0"])], counts: counts(&[("t0", 40)]), next: 0 };
        let mut before = assign(Assignor::Sticky, &group.members, &group.counts);
        for generation in 0..20 {
            group.remember(Assignor::Sticky, &before, generation);
            group.change(&rng, true);
            let after = assign(Assignor::Sticky, &group.members, &group.counts);
            let share = group.counts["t0"] as usize / group.members.len();
            for member in group.members.iter().filter(|member| before.contains_key(&member.id)) {
                let (had, has) = (&before[&member.id], &after[&member.id]);
                let kept = had.iter().filter(|partition| has.contains(partition)).count();
                assert!(kept >= had.len().min(share), "{} kept {kept} of {}", member.id, had.len());
            }
            before = after;
        }
    }
}

#[test]
fn ten_thousand_partitions_are_assigned_to_a_thousand_members_in_no_time() {
    let members: Vec<Member> = (0..1_000).map(|index| member(&format!("m{index:04}"), &["t"])).collect();
    for assignor in ALL {
        let assigned = assign(assignor, &members, &counts(&[("t", 10_000)]));
        assert!(assigned.values().all(|partitions| partitions.len() == 10), "{assignor:?}");
    }
}
