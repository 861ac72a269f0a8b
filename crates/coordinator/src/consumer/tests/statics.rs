//! KIP-848: static members.

use super::*;
use crate::history::Departure;

fn static_join<'a>(member: &'a str, instance: &'a str) -> ConsumerGroupHeartbeatRequest<'a> {
    ConsumerGroupHeartbeatRequest { instance_id: Some(instance), ..join(member, &["a"]) }
}

fn static_beat<'a>(member: &'a str, instance: &'a str, epoch: i32) -> ConsumerGroupHeartbeatRequest<'a> {
    ConsumerGroupHeartbeatRequest { instance_id: Some(instance), ..beat(member, epoch) }
}

#[test]
fn a_static_member_that_comes_back_in_time_gets_what_it_had_without_a_rebalance() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&static_join("m1", "i"));
    lab.says(&static_join("m2", "j"));
    lab.says(&static_beat("m1", "i", 1));
    lab.says(&ConsumerGroupHeartbeatRequest { instance_id: Some("i"), ..owns("m1", 1, &parts(&[("a", &[0])])) });
    lab.says(&static_beat("m2", "j", 2));
    assert_eq!(lab.told(&static_beat("m1", "i", -2)), (-2, None));
    assert_eq!(lab.told(&static_beat("m2", "j", 2)), (2, None));
    assert_eq!(lab.told(&static_join("m3", "i")), (2, Some(parts(&[("a", &[0])]))));
    assert_eq!((lab.describe().state, lab.describe().epoch), ("Stable", 2));
    let left = Event::Left { member: "m1".into(), cause: Departure::Replaced };
    assert!(lab.events().contains(&left));
    lab.assert_replays();
}

#[test]
fn a_static_member_that_does_not_come_back_is_gone_with_its_session() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&static_join("m1", "i"));
    lab.says(&static_beat("m1", "i", -2));
    lab.after(Duration::from_secs(46));
    assert!(lab.group().is_empty());
    assert!(lab.group().static_members.is_empty());
}

#[test]
fn a_static_member_that_has_not_left_keeps_its_name() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&static_join("m1", "i"));
    let refused = lab.refused(&static_join("m2", "i"));
    let text = "Static member m2 with instance id i cannot join the group because the instance id is owned by m1 member.";
    assert_eq!(refused, (ErrorCode::UNRELEASED_INSTANCE_ID, text.into()));
}

#[test]
fn who_was_replaced_is_fenced() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&static_join("m1", "i"));
    lab.says(&static_beat("m1", "i", -2));
    lab.says(&static_join("m2", "i"));
    let refused = lab.refused(&static_beat("m1", "i", 1));
    assert_eq!(refused, (ErrorCode::FENCED_INSTANCE_ID, "Static member m1 with instance id i was fenced by member m2.".into()));
    assert_eq!(lab.refused(&static_beat("m1", "i", -1)).0, ErrorCode::FENCED_INSTANCE_ID);
}

#[test]
fn a_static_member_that_leaves_for_good_is_gone_at_once() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&static_join("m1", "i"));
    assert_eq!(lab.told(&static_beat("m1", "i", -1)), (-1, None));
    assert!(lab.group().is_empty());
    assert_eq!(lab.told(&static_join("m2", "i")).0, 3);
}

#[test]
fn a_process_that_comes_back_with_its_old_id_is_the_same_member() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&static_join("m1", "i"));
    assert_eq!(lab.told(&static_join("m1", "i")), (1, Some(parts(&[("a", &[0, 1])]))));
    lab.says(&static_beat("m1", "i", -2));
    assert_eq!(lab.told(&static_join("m1", "i")).1, Some(parts(&[("a", &[0, 1])])));
    assert_eq!(lab.members().len(), 1);
}

#[test]
fn an_instance_that_nobody_has_is_unknown() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&static_join("m1", "i"));
    let unknown = (ErrorCode::UNKNOWN_MEMBER_ID, "Instance id j is unknown.".into());
    assert_eq!(lab.refused(&static_beat("m1", "j", 1)), unknown);
    assert_eq!(lab.refused(&static_beat("m1", "j", -2)), unknown);
}
