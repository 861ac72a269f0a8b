//! ListGroups (KIP-518, KIP-848).

use super::*;

fn names(world: &World, states: &[&str], types: &[&str]) -> Vec<String> {
    world.shard.list_groups(states, types).into_iter().map(|group| group.group.to_string()).collect()
}

#[test]
fn groups_are_listed_by_state_and_type_in_any_spelling() {
    let mut records = consumer("c", &["t1"]);
    records.extend([epoch("e"), classic("s", "connect", &[]), empty("z", "consumer", 0), offset("p", "t1", 0, 1, 0)]);
    let world = given(records);
    assert_eq!(names(&world, &[], &[]), ["c", "e", "p", "s", "z"]);
    assert_eq!(names(&world, &[], &["CONSUMER"]), ["c", "e"]);
    assert_eq!(names(&world, &[], &["Classic"]), ["p", "s", "z"]);
    assert_eq!(names(&world, &["eMPty "], &[]), ["e", "p", "z"]);
    assert_eq!(names(&world, &["stable", "nonsense"], &["classic", "share"]), ["s"]);
    assert_eq!(names(&world, &["nonsense"], &[]), Vec::<String>::new());
    assert_eq!(names(&world, &[], &["nonsense"]), Vec::<String>::new());
}

#[test]
fn each_group_says_its_protocol_type() {
    let mut records = vec![classic("s", "connect", &[]), offset("p", "t1", 0, 1, 0)];
    records.push(epoch("e"));
    let listed = given(records).shard.list_groups(&[], &[]);
    let said: Vec<_> = listed.iter().map(|group| (&*group.protocol_type, group.state, group.group_type)).collect();
    assert_eq!(said, [("consumer", "Empty", "consumer"), ("", "Empty", "classic"), ("connect", "Stable", "classic")]);
}
