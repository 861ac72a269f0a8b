//! KIP-211. Offsets are kept for seven days, and looked at every ten minutes.

use super::*;

/// Past the next look.
const LOOK: u64 = 10 * 60;

#[test]
fn offsets_of_who_is_no_member_expire_after_their_commit_and_then_the_group() {
    let mut world = given([offset("g", "t1", 0, 7, 6 * DAY), offset("g", "t1", 1, 8, 2 * DAY)]);
    assert_eq!(world.after(DAY - LOOK).tick(), []);
    assert_eq!(world.after(LOOK).tick(), [forgotten("g", "t1", 0)]);
    assert_eq!(world.after(4 * DAY).tick(), [forgotten("g", "t1", 1), ended("g")]);
    assert_eq!(world.after(DAY).tick(), []);
    assert_eq!(world.groups(), Vec::<String>::new());
}

#[test]
fn nothing_expires_before_the_next_look() {
    let mut world = given([offset("g", "t1", 0, 7, 8 * DAY)]);
    assert_eq!(world.after(LOOK - 1).tick(), []);
    assert_eq!(world.after(1).tick(), [forgotten("g", "t1", 0), ended("g")]);
}

#[test]
fn offsets_of_an_empty_group_expire_since_it_is_empty() {
    let mut world = given([empty("g", "consumer", DAY), offset("g", "t1", 0, 7, 30 * DAY)]);
    assert_eq!(world.after(6 * DAY - 1).tick(), []);
    assert_eq!(world.after(LOOK).tick(), [forgotten("g", "t1", 0), ended("g")]);
}

#[test]
fn an_offset_that_an_operator_sets_in_an_empty_group_has_its_whole_time() {
    let mut world = given([empty("g", "consumer", 6 * DAY), offset("g", "t1", 0, 7, 30 * DAY)]);
    world.commit("g", "t1", 1, 3);
    assert_eq!(world.after(2 * DAY).tick(), [forgotten("g", "t1", 0)]);
    assert_eq!(world.after(5 * DAY).tick(), [forgotten("g", "t1", 1), ended("g")]);
}

#[test]
fn a_group_that_does_not_say_since_when_it_is_empty_has_the_time_of_its_commits() {
    let mut group = empty("g", "consumer", 0);
    if let Record::GroupMetadata { value: Some(value), .. } = &mut group {
        value.current_state_timestamp = -1;
    }
    let mut world = given([group, offset("g", "t1", 0, 7, 8 * DAY), offset("g", "t1", 1, 7, DAY)]);
    assert_eq!(world.after(LOOK).tick(), [forgotten("g", "t1", 0)]);
}

/// KAFKA-4682.
#[test]
fn a_stable_group_loses_offsets_of_topics_alone_that_it_does_not_read() {
    let offsets = |group| [offset(group, "t1", 0, 7, 30 * DAY), offset(group, "t2", 0, 7, 30 * DAY)];
    let mut records = vec![classic("old", "consumer", &["t1"])];
    records.extend(consumer("new", &["t1"]));
    records.extend(offsets("old"));
    records.extend(offsets("new"));
    let mut world = given(records);
    // Just the look: the sessions of the members are none of this test.
    let (_, records) = world.call(|shard, step| shard.expire_offsets(step));
    assert_eq!(records, [forgotten("new", "t2", 0), forgotten("old", "t2", 0)]);
    assert_eq!(world.groups(), ["new", "old"]);
}

#[test]
fn a_group_with_members_of_another_protocol_type_loses_nothing() {
    let mut world = given([classic("g", "connect", &[]), offset("g", "t1", 0, 7, 30 * DAY)]);
    assert_eq!(world.call(|shard, step| shard.expire_offsets(step)).1, []);
}

#[test]
fn a_retention_time_of_its_own_goes_before_all_others() {
    let mut record = offset("g", "t1", 0, 7, 30 * DAY);
    if let Record::OffsetCommit { value: Some(value), .. } = &mut record {
        value.expire_timestamp = Some(START + HOUR as i64 * 1000);
    }
    let mut world = given([record]);
    assert_eq!(world.after(HOUR - 1).tick(), []);
    assert_eq!(world.after(LOOK).tick(), [forgotten("g", "t1", 0), ended("g")]);
}

#[test]
fn groups_that_have_neither_members_nor_offsets_end_at_the_next_look() {
    let mut records = vec![empty("old", "connect", 0), epoch("new")];
    records.extend(consumer("busy", &["t1"]));
    let mut world = given(records);
    let (_, records) = world.call(|shard, step| shard.expire_offsets(step));
    assert!(records.contains(&ended("old")), "{records:?}");
    assert!(records.contains(&Record::ConsumerGroupMetadata { group: "new".into(), value: None }), "{records:?}");
    assert_eq!(world.groups(), ["busy"]);
}

/// A clock that is set while we run says nothing of how long an offset was unused.
#[test]
fn a_clock_that_jumps_ahead_takes_no_offsets() {
    let mut world = given([offset("g", "t1", 0, 7, DAY)]);
    world.commit("g", "t1", 1, 8);
    world.wall_jumps(365 * DAY as i64);
    assert_eq!(world.after(LOOK).tick(), []);
    assert_eq!(world.after(6 * DAY).tick(), [forgotten("g", "t1", 0)]);
}

/// A machine that starts in 1970 and learns the time later.
#[test]
fn offsets_that_were_committed_before_the_clock_was_set_are_kept() {
    let mut world = given([]);
    world.wall_jumps(-START / 1000);
    let mut world = given_at_1970(world);
    world.commit("g", "t1", 0, 7);
    world.wall_jumps(START / 1000);
    assert_eq!(world.after(LOOK).tick(), []);
    assert_eq!(world.after(6 * DAY).tick(), []);
    assert_eq!(world.offsets("g"), ["t1-0@7"]);
}

fn given_at_1970(mut world: World) -> World {
    world.call(|shard, step| shard.loaded(step));
    world
}

#[test]
fn a_clock_that_is_set_back_only_delays() {
    let mut world = given([offset("g", "t1", 0, 7, 6 * DAY)]);
    world.wall_jumps(-2 * DAY as i64);
    assert_eq!(world.after(2 * DAY).tick(), []);
    assert_eq!(world.after(DAY).tick(), [forgotten("g", "t1", 0), ended("g")]);
}

/// KAFKA-13636: the members of a group that is being assigned anew need the offsets as soon as they are.
#[test]
fn a_group_that_was_silent_for_long_keeps_what_it_reads() {
    let mut world = given([classic("g", "consumer", &["t1"]), offset("g", "t1", 0, 7, 300 * DAY)]);
    world.wall_jumps(300 * DAY as i64);
    assert_eq!(world.call(|shard, step| shard.expire_offsets(step)).1, []);
    assert_eq!(world.offsets("g"), ["t1-0@7"]);
}

/// Lets all that is due by then happen, up to a second from now; how much each step wrote.
fn steps(world: &mut World) -> Vec<usize> {
    let mut written = Vec::new();
    while world.shard.next_due().is_some_and(|due| due <= world.run) {
        written.push(world.tick().len());
        world.run += Duration::from_millis(1);
    }
    written
}

#[test]
fn many_offsets_expire_in_steps_of_a_bounded_number() {
    // (groups, topics, partitions, of them young in each group, tombstones of each step)
    let cases: [(usize, i32, i32, usize, &[usize]); 5] = [
        (1, 1, 999, 0, &[1_000]),
        (1, 1, 1_000, 0, &[1_000, 1]),
        (1, 7, 300, 0, &[1_000, 1_000, 101]),
        (1, 2, 600, 1, &[1_000, 199]),
        (1_200, 1, 1, 0, &[1_000, 1_000, 400]),
    ];
    for (groups, topics, partitions, young, expected) in cases {
        let name = |group: usize| format!("g{group:04}");
        let mut records = Vec::new();
        for (group, topic) in (0..groups).flat_map(|group| (0..topics).map(move |topic| (group, topic))) {
            let topic = format!("t{topic}");
            records.extend((0..partitions).map(|partition| offset(&name(group), &topic, partition, 7, 8 * DAY)));
        }
        records.extend((0..groups).flat_map(|g| (0..young).map(move |_| offset(&name(g), "t0", 0, 7, 0))));
        let mut world = given(records);
        let written = steps(world.after(LOOK));
        assert_eq!(written, expected, "{groups} groups with {topics} topics of {partitions}");
        assert_eq!(world.groups().len(), if young == 0 { 0 } else { groups });
        // The next look is as far away as it always is.
        assert_eq!(steps(world.after(LOOK - 2)), [] as [usize; 0]);
        assert_eq!(steps(world.after(2)), [0]);
    }
}
