//! Many random requests, and what must hold after each.

use std::sync::Arc;

use super::scene::{Join, Scene, named, new, settings};
use crate::classic::ClassicGroup;
use crate::shard::Group;
use crate::{Record, Settings, Shard};

/// Numbers that look random (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn of<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len() as u64) as usize]
    }
}

fn joins(chance: &mut Chance, id: &str, scene: &mut Scene) {
    let protocols: [&[&str]; 4] = [&["range"], &["range", "sticky"], &["sticky=1", "range"], &["range=2"]];
    let join = match chance.below(3) {
        0 => named("s", chance.of::<&str>(&["i", "j", "k"])),
        1 => Join { version: *chance.of(&[0, 3, 4, 9]), ..new("d") },
        _ => Join { id, version: 9, instance: *chance.of(&[None, None, Some("i")]), ..new("d") },
    };
    let session_ms = *chance.of(&[6_000, 20_000, 100_000]);
    let rebalance_ms = *chance.of(&[0, 8_000, 30_000]);
    scene.join(Join { protocols: chance.of::<&[&str]>(&protocols), session_ms, rebalance_ms, ..join });
}

fn acts(chance: &mut Chance, scene: &mut Scene, seconds: f64) {
    let ids = match scene.shard.groups.get("g") {
        Some(Group::Classic(group)) => {
            let pending = group.pending.iter().map(|id| super::scene::short(id));
            pending.chain(scene.ids_of_members()).collect()
        }
        _ => vec!["d-1".to_owned()],
    };
    let id = if ids.is_empty() { "d-1".to_owned() } else { chance.of(&ids).clone() };
    let generation = match scene.shard.groups.get("g") {
        Some(Group::Classic(group)) => group.generation() - (chance.below(8) == 0) as i32,
        _ => 0,
    };
    match chance.below(10) {
        0..4 => joins(chance, &id, scene),
        4..6 => drop(scene.sync(&id, generation, &[(&id, "x"), ("d-1", "y")])),
        6..8 => drop(scene.heartbeat(&id, generation)),
        8 => drop(scene.leave(&[(&id, None), ("", *chance.of(&[None, Some("i"), Some("j")]))])),
        _ => drop(scene.at(seconds)),
    }
}

fn counted(group: &ClassicGroup) {
    let members = group.members();
    assert_eq!(members.joining(), members.iter().filter(|member| member.joining.is_some()).count());
    assert_eq!(members.any_has_to_sync(), members.iter().any(|member| member.has_to_sync));
    for member in members.iter() {
        assert!(std::ptr::eq(members.find(&member.id).expect("found by its id"), member));
        if let Some(instance) = &member.instance_id {
            let slot = members.slot_of_instance(instance).expect("found by its name");
            assert!(std::ptr::eq(members.at(slot), member));
        }
        assert!(!group.pending.contains(&member.id));
        assert!(member.protocols.iter().any(|(name, _)| members.all_know(name)));
    }
    let led = group.leader.as_deref().is_some_and(|leader| members.find(leader).is_some());
    assert_eq!(led, !members.is_empty());
    assert!(!group.is_empty() || members.is_empty());
}

/// What was written last must be what a stable or empty group is.
fn written(scene: &Scene, name: &Arc<str>) {
    let group = scene.group();
    if let Some(record) = scene.records.last().filter(|_| group.is_stable()) {
        let mut shard = Shard::new(Arc::new(settings()));
        shard.replay_classic(record);
        let Some(Group::Classic(replayed)) = shard.groups.get(name) else { panic!("not a classic group") };
        assert_eq!(replayed.generation(), group.generation());
        let (Record::GroupMetadata { value: Some(now), .. }, Record::GroupMetadata { value: Some(then), .. }) =
            (group.record(name), replayed.record(name))
        else {
            panic!("no group")
        };
        assert_eq!((now.leader, now.protocol), (then.leader, then.protocol));
        let what = |members: Vec<crate::records::MemberMetadata>| -> Vec<_> {
            members.into_iter().map(|member| (member.member_id, member.instance_id, member.assignment)).collect()
        };
        assert_eq!(what(now.members), what(then.members));
    }
}

#[test]
fn whatever_members_do_the_group_is_sound_and_all_are_answered() {
    let name: Arc<str> = "g".into();
    for seed in 1..=300 {
        let mut chance = Chance(seed * 0x9e37_79b9_7f4a_7c15);
        let members_max = *chance.of(&[2, 5, 1_000]);
        let mut scene = Scene::with(Settings { members_max, ..settings() });
        let mut seconds = 0.0;
        for _ in 0..200 {
            seconds += chance.below(3_000) as f64 / 1_000.0;
            acts(&mut chance, &mut scene, seconds);
            if scene.shard.groups.contains_key(&name) {
                counted(scene.group());
                written(&scene, &name);
            }
        }
        scene.at(seconds + 10_000.0);
        assert_eq!(scene.waiting(), 0, "seed {seed}");
        assert!(scene.is("Empty").shard.next_due().is_none(), "seed {seed}");
    }
}
