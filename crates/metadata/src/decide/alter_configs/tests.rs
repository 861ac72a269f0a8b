//! Changes, with their verdicts and what is left of the configs.

use record::{BrokerId, Uuid};

use super::*;
use crate::decide::{DeleteTopics, TopicSelector, delete_topics};
use crate::testing::{add_topic, brokers, committed, uuid};

/// Topics have `size`, a number below 100, and `list`; `size` must not be 13 while `list` has `unlucky`.
#[derive(Debug)]
struct Rules;

impl ConfigRules for Rules {
    fn check(&self, _: &ConfigResource, configs: &BTreeMap<&str, &str>) -> Result<(), Refusal> {
        for (key, value) in configs {
            match *key {
                "size" if value.parse::<u8>().is_ok_and(|size| size < 100) => {}
                "list" => {}
                _ => return Err(Refusal::InvalidConfig(format!("{key}={value}"))),
            }
        }
        match (configs.get("size"), configs.get("list")) {
            (Some(&"13"), Some(list)) if list.contains("unlucky") => Err(Refusal::InvalidConfig("unlucky".to_owned())),
            _ => Ok(()),
        }
    }

    fn list_default(&self, _: &ConfigResource, key: &str) -> Option<&'static str> {
        (key == "list").then_some("x")
    }
}

#[derive(Debug)]
struct Anything;

impl ConfigRules for Anything {
    fn check(&self, _: &ConfigResource, _: &BTreeMap<&str, &str>) -> Result<(), Refusal> {
        Ok(())
    }

    fn list_default(&self, _: &ConfigResource, _: &str) -> Option<&'static str> {
        None
    }
}

fn cluster() -> Image {
    let mut image = brokers(&[0], &[]);
    add_topic(&mut image, "a", uuid(50), &[(&[0], &[0], Some(0))]);
    add_topic(&mut image, "b", uuid(51), &[]);
    image
}

fn topic(name: &str) -> ConfigResource {
    ConfigResource::Topic(name.into())
}

fn change(key: &str, operation: ConfigOperation, value: Option<&str>) -> ConfigChange {
    ConfigChange { key: key.to_owned(), operation, value: value.map(str::to_owned) }
}

fn set(key: &str, value: &str) -> ConfigChange {
    change(key, ConfigOperation::Set, Some(value))
}

fn intent(resources: Vec<(ConfigResource, Vec<ConfigChange>)>) -> AlterConfigs {
    let resources = resources.into_iter().map(|(resource, changes)| ResourceChanges { resource, changes }).collect();
    AlterConfigs { resources, replace: false, validate_only: false, rules: Arc::new(Rules) }
}

/// The image after a change of `a` that must be accepted.
fn after(image: &Image, changes: Vec<ConfigChange>) -> Image {
    let decision = decide(image, &intent(vec![(topic("a"), changes)])).unwrap();
    assert_eq!(decision.reply[0].result, Ok(()));
    committed(image, &decision)
}

fn of_a(image: &Image) -> Vec<(String, String)> {
    image.topic("a").unwrap().configs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn every_bad_change_has_kafkas_error() {
    use ConfigOperation::{Append, Delete, Set, Subtract, Unknown};
    let table = [
        (topic("a"), vec![set("size", "7")], "done"),
        (topic("a"), vec![change("size", Delete, None)], "done"),
        (topic("a"), vec![change("no such", Delete, None)], "done"),
        (topic("a"), vec![], "done"),
        (topic("a"), vec![set("no such", "1")], "InvalidConfig"),
        (topic("a"), vec![set("size", "100")], "InvalidConfig"),
        (topic("a"), vec![set("size", "13"), set("list", "unlucky")], "InvalidConfig"),
        (topic("a"), vec![set("size", "7"), change("size", Delete, None)], "InvalidRequest"),
        (topic("a"), vec![change("size", Set, None)], "InvalidRequest"),
        (topic("a"), vec![change("list", Append, None)], "InvalidRequest"),
        (topic("a"), vec![change("size", Append, Some("1"))], "InvalidConfig"),
        (topic("a"), vec![change("size", Subtract, Some("1"))], "InvalidConfig"),
        (topic("a"), vec![change("size", Unknown(9), Some("1"))], "InvalidRequest"),
        (topic("none"), vec![set("size", "7")], "UnknownTopicOrPartition"),
        (topic("none"), vec![set("size", "100")], "InvalidConfig"),
        (topic(""), vec![set("size", "7")], "InvalidRequest"),
        (topic("a/b"), vec![set("size", "7")], "InvalidTopic"),
        (ConfigResource::DefaultBroker, vec![set("size", "7")], "done"),
        (ConfigResource::DefaultBroker, vec![set("size", "100")], "InvalidConfig"),
        (ConfigResource::ClientMetrics("m".into()), vec![set("size", "7")], "done"),
        (ConfigResource::ClientMetrics("".into()), vec![set("size", "7")], "InvalidRequest"),
        (ConfigResource::Group("g".into()), vec![set("size", "7")], "done"),
        (ConfigResource::Group("".into()), vec![set("size", "7")], "InvalidRequest"),
        (ConfigResource::Broker(BrokerId(0)), vec![set("size", "7")], "done"),
        (ConfigResource::Broker(BrokerId(9)), vec![set("size", "7")], "BrokerIdNotRegistered"),
    ];
    for (resource, changes, expected) in table {
        let context = format!("{resource:?} {changes:?}");
        let decision = decide(&cluster(), &intent(vec![(resource, changes)])).unwrap();
        let verdict = match &decision.reply[0].result {
            Ok(()) => "done".to_owned(),
            Err(refusal) => format!("{refusal:?}"),
        };
        assert!(verdict.starts_with(expected), "{context}: {verdict}");
        assert!(expected == "done" || decision.records.is_empty(), "{context}");
    }
}

#[test]
fn a_resource_is_changed_whole_or_not_at_all_and_beside_others() {
    let resources =
        vec![(topic("a"), vec![set("list", "y"), set("size", "100")]), (topic("b"), vec![set("size", "1")])];
    let decision = decide(&cluster(), &intent(resources)).unwrap();
    assert!(decision.reply[0].result.is_err() && decision.reply[1].result.is_ok());
    let image = committed(&cluster(), &decision);
    assert_eq!(of_a(&image), []);
    assert_eq!(image.topic("b").unwrap().configs.value("size"), Some("1"));
}

#[test]
fn a_resource_named_twice_is_refused_both_times() {
    let resources = vec![
        (topic("a"), vec![set("size", "1")]),
        (topic("b"), vec![set("size", "1")]),
        (topic("a"), vec![set("list", "y")]),
    ];
    let decision = decide(&cluster(), &intent(resources)).unwrap();
    let results: Vec<_> = decision.reply.iter().map(|altered| altered.result.is_ok()).collect();
    assert_eq!(results, [false, true, false]);
    assert_eq!(of_a(&committed(&cluster(), &decision)), []);
}

#[test]
fn lists_grow_and_shrink_by_parts_from_their_default() {
    use ConfigOperation::{Append, Delete, Subtract};
    let appended = after(&cluster(), vec![change("list", Append, Some("y,x,z,y"))]);
    assert_eq!(of_a(&appended), [pair("list", "x,y,z")]);
    let fewer = after(&appended, vec![change("list", Subtract, Some("x,y,none"))]);
    assert_eq!(of_a(&fewer), [pair("list", "z")]);
    let empty = after(&fewer, vec![change("list", Subtract, Some("z"))]);
    assert_eq!(of_a(&empty), [pair("list", "")]);
    let again = after(&empty, vec![change("list", Append, Some("w"))]);
    assert_eq!(of_a(&again), [pair("list", "w")]);
    assert_eq!(of_a(&after(&again, vec![change("list", Delete, None)])), []);
}

#[test]
fn a_change_is_judged_with_what_is_there() {
    let unlucky = after(&cluster(), vec![set("list", "unlucky")]);
    let refused =
        |image: &Image, changes| decide(image, &intent(vec![(topic("a"), changes)])).unwrap().reply[0].clone();
    assert!(refused(&unlucky, vec![set("size", "13")]).result.is_err());
    assert!(refused(&unlucky, vec![set("size", "13"), set("list", "fine")]).result.is_ok());
}

#[test]
fn what_does_not_change_makes_no_record() {
    let image = after(&cluster(), vec![set("size", "7")]);
    let same = intent(vec![(topic("a"), vec![set("size", "7"), change("list", ConfigOperation::Delete, None)])]);
    assert_eq!(decide(&image, &same).unwrap().records, []);
}

#[test]
fn validating_changes_nothing() {
    let wanted = intent(vec![(topic("a"), vec![set("size", "7")]), (topic("b"), vec![set("size", "100")])]);
    let decision = decide(&cluster(), &AlterConfigs { validate_only: true, ..wanted }).unwrap();
    assert!(decision.reply[0].result.is_ok() && decision.reply[1].result.is_err());
    assert_eq!(decision.records, []);
}

#[test]
fn replacing_returns_the_keys_that_are_not_named_to_their_defaults() {
    let image = after(&cluster(), vec![set("size", "7"), set("list", "y")]);
    let wanted = AlterConfigs { replace: true, ..intent(vec![(topic("a"), vec![set("size", "8")])]) };
    let image = committed(&image, &decide(&image, &wanted).unwrap());
    assert_eq!(of_a(&image), [pair("size", "8")]);
}

#[test]
fn a_deleted_topics_configs_are_not_those_of_the_next_of_its_name() {
    let mut image = after(&cluster(), vec![set("size", "7")]);
    let selector = TopicSelector { name: Some("a".to_owned()), id: Uuid::ZERO };
    image = committed(&image, &delete_topics::decide(&image, &DeleteTopics { topics: vec![selector] }));
    add_topic(&mut image, "a", uuid(52), &[]);
    assert_eq!(of_a(&image), []);
}

#[test]
fn a_request_of_too_many_changes_is_refused_as_a_whole() {
    let changes = |count: usize| (0..count).map(|i| set(&i.to_string(), "1")).collect();
    let wanted = |count| AlterConfigs { rules: Arc::new(Anything), ..intent(vec![(topic("a"), changes(count))]) };
    assert!(decide(&cluster(), &wanted(MAX_CONFIGS_PER_BATCH)).is_ok());
    let refused = decide(&cluster(), &wanted(MAX_CONFIGS_PER_BATCH + 1));
    assert!(matches!(refused, Err(Refusal::PolicyViolation(_))), "{refused:?}");
}

#[test]
fn a_list_does_not_grow_beyond_what_can_be_told() {
    let image = after(&cluster(), vec![set("list", &"x".repeat(20_000))]);
    let append = |len: usize| change("list", ConfigOperation::Append, Some(&"y".repeat(len)));
    let result = |change| {
        let intent = intent(vec![(topic("a"), vec![change])]);
        decide(&image, &intent).unwrap().reply.remove(0).result
    };
    assert_eq!(result(append(CONFIG_BYTES_MAX - 20_001)), Ok(()));
    assert!(matches!(result(append(CONFIG_BYTES_MAX - 20_000)), Err(Refusal::InvalidConfig(_))));
}

#[test]
fn there_are_no_more_subscriptions_than_there_is_room_for() {
    let subscribe = |number: usize| {
        let name = format!("m{number}");
        (ConfigResource::ClientMetrics(name.as_str().into()), vec![set("size", "1")])
    };
    let image = cluster();
    let decision = decide(&image, &intent((0..MAX_SUBSCRIPTIONS + 1).map(subscribe).collect())).unwrap();
    assert_eq!(decision.records.len(), MAX_SUBSCRIPTIONS);
    assert!(matches!(decision.reply[MAX_SUBSCRIPTIONS].result, Err(Refusal::PolicyViolation(_))));
    let full = committed(&image, &decision);
    let again = decide(&full, &intent(vec![subscribe(MAX_SUBSCRIPTIONS)])).unwrap();
    assert!(matches!(again.reply[0].result, Err(Refusal::PolicyViolation(_))));
    let changed = (subscribe(0).0, vec![set("size", "2")]);
    assert_eq!(decide(&full, &intent(vec![changed])).unwrap().reply[0].result, Ok(()));
}
