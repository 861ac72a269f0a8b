//! KIP-848: members come, are led to their partitions, and go.

use super::*;
use crate::history::Departure;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_first_member_gets_everything_at_once() {
    let mut lab = Lab::new(&[("a", 3)]);
    let answer = lab.says(&join("m", &["a"]));
    assert_eq!((answer.member_epoch, answer.assignment), (1, Some(parts(&[("a", &[0, 1, 2])]))));
    assert_eq!((answer.member_id.as_deref(), answer.heartbeat_interval_ms), (Some("m"), 5_000));
    let kinds: Vec<&str> = lab.written.iter().map(kind).collect();
    assert_eq!(kinds, ["member", "epoch", "target", "assigned", "current"]);
    assert_eq!(lab.describe().state, "Stable");
    lab.assert_replays();
}

fn kind(record: &Record) -> &'static str {
    match record {
        Record::ConsumerGroupMetadata { .. } => "epoch",
        Record::ConsumerGroupMemberMetadata { .. } => "member",
        Record::ConsumerGroupTargetAssignmentMetadata { .. } => "assigned",
        Record::ConsumerGroupTargetAssignmentMember { .. } => "target",
        Record::ConsumerGroupCurrentMemberAssignment { .. } => "current",
        Record::ConsumerGroupRegularExpression { .. } => "regex",
        _ => "other",
    }
}

#[test]
fn in_version_0_the_coordinator_makes_the_member_id() {
    let mut lab = Lab::new(&[("a", 1)]);
    let answer = lab.says_in(0, &join("", &["a"]));
    assert_eq!(answer.error, ErrorCode::NONE);
    assert_eq!(answer.member_id.unwrap().len(), 22);
}

#[test]
fn a_heartbeat_without_news_writes_nothing_and_tells_no_assignment() {
    let mut lab = Lab::new(&[("a", 3)]);
    lab.says(&join("m", &["a"]));
    assert_eq!(lab.told(&beat("m", 1)), (1, None));
    assert_eq!(lab.written, []);
}

/// A client that had an error sends everything again.
#[test]
fn a_full_heartbeat_is_told_its_assignment_again() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m", &["a"]));
    let has = parts(&[("a", &[0, 1])]);
    let full = ConsumerGroupHeartbeatRequest {
        topic_partitions: owns("m", 1, &has).topic_partitions,
        member_epoch: 1,
        ..join("m", &["a"])
    };
    assert_eq!(lab.told(&full), (1, Some(has)));
    assert_eq!(lab.written, []);
}

#[test]
fn a_partition_goes_to_another_member_only_when_it_was_given_up() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m1", &["a"]));
    // The new member comes to the new epoch, without the partition that is not free.
    assert_eq!(lab.told(&join("m2", &["a"])), (2, Some(parts(&[]))));
    assert_eq!(lab.describe().state, "Reconciling");
    assert_eq!(lab.told(&beat("m2", 2)), (2, None));
    // The old one is told to give it up, and stays in its epoch until it has.
    assert_eq!(lab.told(&beat("m1", 1)), (1, Some(parts(&[("a", &[0])]))));
    assert_eq!(lab.told(&owns("m1", 1, &parts(&[("a", &[0, 1])]))), (1, None));
    assert_eq!(lab.told(&beat("m2", 2)), (2, None));
    assert_eq!(lab.told(&owns("m1", 1, &parts(&[("a", &[0])]))), (2, None));
    assert_eq!(lab.told(&beat("m2", 2)), (2, Some(parts(&[("a", &[1])]))));
    assert_eq!(lab.describe().state, "Stable");
    lab.assert_replays();
}

#[test]
fn who_leaves_frees_its_partitions() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m1", &["a"]));
    lab.says(&join("m2", &["a"]));
    assert_eq!(lab.told(&beat("m1", -1)), (-1, None));
    assert_eq!(lab.told(&beat("m2", 2)), (3, Some(parts(&[("a", &[0, 1])]))));
    assert_eq!(lab.told(&beat("m2", -1)), (-1, None));
    assert_eq!((lab.describe().state, lab.group().is_empty()), ("Empty", true));
    assert_eq!(lab.group().owned, HashMap::new());
    lab.assert_replays();
}

#[test]
fn who_is_silent_for_its_session_is_gone() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m1", &["a"]));
    lab.says(&join("m2", &["a"]));
    lab.after(seconds(30));
    lab.says(&beat("m2", 2));
    lab.after(seconds(16));
    assert_eq!(lab.members().keys().collect::<Vec<_>>(), ["m2"]);
    let left = Event::Left { member: "m1".into(), cause: Departure::SessionTimeout(seconds(45)) };
    assert!(lab.events().contains(&left), "{:?}", lab.events());
    assert_eq!(lab.refused(&beat("m1", 1)).0, ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn a_group_has_its_own_session_and_interval() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.config("consumer.session.timeout.ms", "10000");
    lab.config("consumer.heartbeat.interval.ms", "1234");
    assert_eq!(lab.says(&join("m", &["a"])).heartbeat_interval_ms, 1_234);
    lab.after(seconds(9));
    assert!(!lab.group().is_empty());
    lab.after(seconds(1));
    assert!(lab.group().is_empty());
}

#[test]
fn who_does_not_give_up_its_partitions_in_time_is_gone() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m1", &["a"]));
    lab.says(&join("m2", &["a"]));
    lab.says(&beat("m1", 1));
    for _ in 0..5 {
        lab.after(seconds(11));
        lab.says(&beat("m1", 1));
        lab.says(&beat("m2", 2));
    }
    assert_eq!(lab.members().len(), 2);
    lab.after(seconds(6));
    assert_eq!(lab.members().keys().collect::<Vec<_>>(), ["m2"]);
    let left = Event::Left { member: "m1".into(), cause: Departure::RevocationTimeout(seconds(60)) };
    assert!(lab.events().contains(&left), "{:?}", lab.events());
}

#[test]
fn who_gave_up_its_partitions_is_no_longer_timed() {
    let mut lab = Lab::new(&[("a", 2)]).with(|settings| settings.consumer.session_timeout = seconds(1_000));
    lab.says(&join("m1", &["a"]));
    lab.says(&join("m2", &["a"]));
    lab.says(&beat("m1", 1));
    lab.says(&owns("m1", 1, &parts(&[("a", &[0])])));
    lab.after(seconds(100));
    assert_eq!(lab.members().len(), 2);
}

/// The answer that told of the new epoch may have been lost.
#[test]
fn the_previous_epoch_is_accepted_of_who_has_nothing_that_it_should_not() {
    let mut lab = Lab::new(&[("a", 2), ("b", 1)]);
    lab.says(&join("m1", &["a"]));
    let subscribes =
        ConsumerGroupHeartbeatRequest { subscribed_topic_names: Some(vec!["a", "b"].into()), ..beat("m1", 1) };
    assert_eq!(lab.told(&subscribes).0, 2);
    assert_eq!(lab.told(&owns("m1", 1, &parts(&[("a", &[0])]))).0, 2);
    let fenced = lab.refused(&owns("m1", 1, &parts(&[("c", &[0])])));
    assert_eq!(fenced.0, ErrorCode::FENCED_MEMBER_EPOCH);
    assert_eq!(lab.refused(&beat("m1", 1)).0, ErrorCode::FENCED_MEMBER_EPOCH);
}

#[test]
fn a_member_that_was_fenced_joins_again_with_its_id() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m", &["a"]));
    assert_eq!(lab.refused(&beat("m", 7)).0, ErrorCode::FENCED_MEMBER_EPOCH);
    assert_eq!(lab.told(&join("m", &["a"])), (1, Some(parts(&[("a", &[0, 1])]))));
    assert!(lab.events().contains(&Event::Fenced { member: "m".into(), epoch: 7 }));
}

#[test]
fn new_partitions_and_topics_are_assigned_at_the_next_heartbeat() {
    let mut lab = Lab::new(&[("a", 1)]);
    lab.says(&join("m", &["a", "b"]));
    lab.topic("a", 2);
    assert_eq!(lab.told(&beat("m", 1)), (2, Some(parts(&[("a", &[0, 1])]))));
    lab.topic("b", 1);
    assert_eq!(lab.told(&beat("m", 2)), (3, Some(parts(&[("a", &[0, 1]), ("b", &[0])]))));
    lab.topic("c", 1);
    assert_eq!(lab.told(&beat("m", 3)), (3, None));
}

#[test]
fn a_deleted_topic_is_given_up() {
    let mut lab = Lab::new(&[("a", 1), ("b", 1)]);
    lab.says(&join("m", &["a", "b"]));
    lab.delete_topic("a");
    assert_eq!(lab.told(&beat("m", 1)), (1, Some(parts(&[("b", &[0])]))));
    assert_eq!(lab.told(&owns("m", 1, &parts(&[("b", &[0])]))), (2, None));
}

/// KAFKA-19862: without this a commit for a topic that is not subscribed any more could not be told from one that is.
#[test]
fn a_topic_that_is_no_longer_subscribed_is_given_up_before_there_is_a_new_target() {
    let mut lab = Lab::new(&[("a", 1), ("b", 1)]).with(|s| s.consumer.assignment_interval = seconds(60));
    lab.says(&join("m", &["a", "b"]));
    let names = ConsumerGroupHeartbeatRequest { subscribed_topic_names: Some(vec!["b"].into()), ..beat("m", 1) };
    assert_eq!(lab.told(&names), (1, Some(parts(&[("b", &[0])]))));
    assert_eq!((lab.describe().epoch, lab.describe().assignment_epoch), (2, 1));
}

#[test]
fn members_that_come_within_the_assignment_interval_are_assigned_together() {
    let mut lab = Lab::new(&[("a", 4)]).with(|s| s.consumer.assignment_interval = seconds(1));
    assert_eq!(lab.told(&join("m1", &["a"])).0, 1);
    assert_eq!(lab.told(&join("m2", &["a"])), (1, Some(parts(&[]))));
    assert_eq!(lab.told(&join("m3", &["a"])), (1, Some(parts(&[]))));
    assert_eq!(lab.told(&beat("m1", 1)), (1, None));
    let described = lab.describe();
    assert_eq!((described.state, described.epoch, described.assignment_epoch), ("Assigning", 3, 1));
    lab.after(seconds(1));
    assert_eq!((lab.describe().state, lab.describe().assignment_epoch), ("Reconciling", 3));
    assert_eq!(lab.told(&beat("m1", 1)), (1, Some(parts(&[("a", &[0, 1])]))));
    lab.assert_replays();
}

#[test]
fn a_clock_that_was_set_back_does_not_hold_an_assignment_up() {
    let mut lab = Lab::new(&[("a", 4)]).with(|s| s.consumer.assignment_interval = seconds(1));
    lab.now = seconds(100_000);
    lab.says(&join("m1", &["a"]));
    lab.now = seconds(1_000);
    assert_eq!(lab.told(&join("m2", &["a"])).0, 2);
}

#[test]
fn the_assignor_that_most_members_wish_for_assigns() {
    let mut lab = Lab::new(&[("a", 2), ("b", 2)]);
    assert_eq!(
        &*{
            lab.says(&join("m1", &["a", "b"]));
            lab.describe().assignor
        },
        "uniform"
    );
    lab.says(&ConsumerGroupHeartbeatRequest { server_assignor: Some("range"), ..join("m1", &["a", "b"]) });
    assert_eq!(&*lab.describe().assignor, "range");
    lab.says(&ConsumerGroupHeartbeatRequest { server_assignor: Some("range"), ..join("m2", &["a", "b"]) });
    assert_eq!(lab.group().targets["m2"], parts(&[("a", &[1]), ("b", &[1])]));
}

#[test]
fn a_restart_loses_no_member_and_gives_each_its_whole_session() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m1", &["a"]));
    lab.says(&join("m2", &["a"]));
    lab.says(&beat("m1", 1));
    lab.after(seconds(40));
    lab.restart();
    lab.after(seconds(40));
    assert_eq!(lab.told(&owns("m1", 1, &parts(&[("a", &[0])]))), (2, None));
    assert_eq!(lab.told(&beat("m2", 2)), (2, Some(parts(&[("a", &[1])]))));
    lab.after(seconds(46));
    assert!(lab.group().is_empty());
}

#[test]
fn the_member_tells_who_and_where_it_is() {
    let mut lab = Lab::new(&[("a", 1)]);
    let rack = ConsumerGroupHeartbeatRequest { rack_id: Some("r"), instance_id: Some("i"), ..join("m", &["a"]) };
    lab.says(&rack);
    let member = &lab.describe().members[0];
    assert_eq!((&*member.client_id, &*member.client_host), ("c", "/127.0.0.1"));
    assert_eq!((member.rack_id.as_deref(), member.instance_id.as_deref()), (Some("r"), Some("i")));
    assert_eq!((member.member_type, member.epoch), (1, 1));
    assert_eq!((&member.assigned, &member.target), (&parts(&[("a", &[0])]), &parts(&[("a", &[0])])));
    assert!(lab.group().is_subscribed_to("a") && !lab.group().is_subscribed_to("b"));
}

/// KIP-848 and KIP-1251.
#[test]
fn offsets_are_committed_in_the_members_epoch() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m", &["a"]));
    let commit = |lab: &Lab, member, epoch, version| lab.group().validate_offset_commit(member, epoch, version);
    assert_eq!(commit(&lab, "m", 1, 9), Ok(()));
    assert_eq!(commit(&lab, "m", 1, 8), Err(ErrorCode::UNSUPPORTED_VERSION));
    assert_eq!(commit(&lab, "m", 2, 9), Err(ErrorCode::STALE_MEMBER_EPOCH));
    assert_eq!(commit(&lab, "", -1, 9), Err(ErrorCode::UNKNOWN_MEMBER_ID));
    assert_eq!(lab.group().validate_offset_fetch("m", 1), Ok(()));
    assert_eq!(lab.group().validate_offset_fetch("m", 0), Err(ErrorCode::STALE_MEMBER_EPOCH));
    lab.topic("a", 3);
    lab.says(&beat("m", 1));
    assert_eq!(commit(&lab, "m", 1, 9), Err(ErrorCode::STALE_MEMBER_EPOCH));
    assert!(lab.group().accepts_older_commit("m", 1, id("a"), 0));
    assert!(!lab.group().accepts_older_commit("m", 1, id("a"), 2));
    // The log may hold the newest record of the member alone.
    let assignments = |record: &Record| matches!(record, Record::ConsumerGroupCurrentMemberAssignment { .. });
    let newest = lab.log.iter().rposition(assignments).unwrap();
    let mut place = 0..;
    lab.log.retain(|record| place.next() == Some(newest) || !assignments(record));
    lab.restart();
    let accepted = |partition| lab.group().accepts_older_commit("m", 1, id("a"), partition);
    assert_eq!([0, 1, 2].map(accepted), [true, true, false]);
    lab.says(&beat("m", -1));
    assert_eq!(commit(&lab, "", -1, 2), Ok(()));
}
