//! A group that cannot be written as one record refuses what would make it so, and goes on.

use super::scene::{Join, Scene, known, named, new, settings};

/// `a` and `b` have joined, and the record with `assigned` bytes of assignments is as large as it may be.
fn two_joined_with_room_for(assigned: usize) -> Scene {
    let mut scene = Scene::new();
    scene.join(new("a")).join(new("b")).at(6.0);
    limit_to(&mut scene, assigned);
    scene.answers(&["a: a-1 in 1 with range under a-1: a-1= b-2=", "b: b-2 in 1 with range under a-1"]);
    scene.writes(&["0 of '' none under nobody"]);
    scene
}

/// Leaves so much room beside what the group is without assignments.
fn limit_to(scene: &mut Scene, room: usize) {
    let record_bytes_max = scene.group().batch_bytes("g", room);
    scene.shard.configure(crate::Settings { record_bytes_max, ..settings() }.into());
}

/// All that is written of the group but the time.
fn generation(scene: &Scene) -> crate::Record {
    let mut record = scene.group().record(&"g".into());
    if let crate::Record::GroupMetadata { value: Some(value), .. } = &mut record {
        value.current_state_timestamp = 0;
    }
    record
}

#[test]
fn an_assignment_that_makes_the_record_too_large_is_refused_to_the_byte() {
    // (room, to a, to b, fits)
    let cases = [(10, 5, 5, true), (10, 5, 6, false), (10, 11, 0, false), (0, 0, 0, true), (0, 0, 1, false)];
    for (room, to_a, to_b, fits) in cases {
        let mut scene = two_joined_with_room_for(room);
        let (x, y) = ("x".repeat(to_a), "y".repeat(to_b));
        let before = generation(&scene);
        scene.sync("b-2", 1, &[]).sync("a-1", 1, &[("a-1", &x), ("b-2", &y), ("nobody", "zzzzzzzzzzzz")]);
        if fits {
            scene.answers(&[&format!("a-1: has {x}"), &format!("b-2: has {y}")]).is("Stable");
            assert_eq!(scene.records.len(), 1);
        } else {
            scene.answers(&["a-1: UNKNOWN_SERVER_ERROR", "b-2: UNKNOWN_SERVER_ERROR"]).writes(&[]);
            // The same members in the same generation, and nobody was given anything.
            scene.is("PreparingRebalance");
            assert_eq!((generation(&scene), scene.waiting()), (before, 0));
        }
    }
}

#[test]
fn a_group_whose_assignment_was_refused_can_be_assigned_again() {
    let mut scene = two_joined_with_room_for(4);
    scene.sync("a-1", 1, &[("a-1", "far too much")]).answers(&["a-1: UNKNOWN_SERVER_ERROR"]);
    scene.join(known("a", "a-1")).join(known("b", "b-2"));
    scene.answers(&["a: a-1 in 2 with range under a-1: a-1= b-2=", "b: b-2 in 2 with range under a-1"]);
    scene.sync("a-1", 2, &[("b-2", "yy")]).writes(&["2 of 'consumer' range under a-1: a-1= b-2=yy"]).is("Stable");
}

#[test]
fn a_member_that_would_make_the_record_too_large_is_refused_and_the_group_goes_on() {
    let large = format!("range={}", "m".repeat(2_000));
    let small = "range=m".to_owned();
    let refused = "UNKNOWN_SERVER_ERROR";
    let one = |protocol: &str| vec![protocol.to_owned()];
    let cases: [(Join<'_>, Vec<String>, String); 5] = [
        (new("c"), one(&large), format!("c: {refused}")),
        (named("c", "i"), one(&large), format!("c: {refused}")),
        (known("b", "b-2"), one(&large), format!("b: {refused} b-2")),
        // A protocol that not all know is not what will be written.
        (new("c"), vec!["mine=m".to_owned(), large.clone()], format!("c: {refused}")),
        (known("b", "x-9"), one(&small), "b: UNKNOWN_MEMBER_ID x-9".to_owned()),
    ];
    for (join, protocols, answer) in cases {
        let mut scene = Scene::stable(&["a", "b"]);
        limit_to(&mut scene, 1_000);
        let protocols: Vec<&str> = protocols.iter().map(String::as_str).collect();
        let before = scene.group().record(&"g".into());
        scene.join(Join { protocols: &protocols, ..join }).answers(&[&answer]).writes(&[]).is("Stable");
        assert_eq!(scene.group().record(&"g".into()), before);
        assert_eq!((scene.group().pending.len(), scene.waiting()), (0, 0));
        assert_eq!(scene.heartbeat("b-2", 1), wire::ErrorCode::NONE);
    }
    let mut scene = Scene::stable(&["a", "b"]);
    limit_to(&mut scene, 1_000);
    scene.join(Join { protocols: &[&small], ..new("c") }).answers(&[]).is("PreparingRebalance");
}
