//! Kafka's command line tools for groups, and what they did.

use serde_json::Value;

use super::clients::Client;
use super::events;
use super::members::{Group, Kind, Member};
use super::tools::Workshop;
use crate::groups::member::committed;
use crate::harness::unique;
use crate::raw::Connection;

const CONSUMER_GROUPS: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const GROUPS: &str = "org.apache.kafka.tools.GroupsCommand";
const CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const PRODUCER: &str = "org.apache.kafka.tools.ConsoleProducer";
const VERIFIABLE: &str = "org.apache.kafka.tools.VerifiableConsumer";

/// A workshop with ten records in each of four partitions, and a name for a group.
fn prepared() -> Option<(Workshop, String)> {
    let mut shop = Workshop::open(4)?;
    let keyed: String = (0..40).map(|n| format!("{n}:{n}\n")).collect();
    let properties = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
    shop.feed(PRODUCER, &[&["--topic", "TOPIC"], &properties[..]].concat(), &keyed);
    Some((shop, unique("tooled")))
}

/// The words of the lines in which one of them is this.
fn lines_with<'a>(said: &'a str, word: &str) -> Vec<Vec<&'a str>> {
    let lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|words| words.contains(&word)).collect()
}

#[test]
fn kafkas_tools_move_and_delete_the_positions_of_a_group() {
    let Some((mut shop, group)) = prepared() else { return };
    let mut connection = Connection::open(&shop.broker);
    let topic = shop.topic.clone();
    let ends: Vec<i64> = (0..4).map(|p| connection.latest_offset(&topic, p).unwrap()).collect();
    let read = ["--topic", "TOPIC", "--group", &group, "--from-beginning", "--max-messages", "40"];
    let said = shop.ask(CONSUMER, &[&read[..], &["--timeout-ms", "30000"]].concat());
    assert_eq!(said.lines().count(), 40, "{said}");
    let mut positions = |group: &str| committed(&mut connection, group, &topic);
    assert_eq!(positions(&group), ends);
    let mut reset = |how: &[&str]| {
        let words = ["--reset-offsets", "--group", &group, "--topic", "TOPIC"];
        shop.ask(CONSUMER_GROUPS, &[&words[..], how].concat())
    };
    let plan = reset(&["--to-earliest", "--dry-run"]);
    assert_eq!(lines_with(&plan, &topic).iter().filter(|words| words.ends_with(&["0"])).count(), 4, "{plan}");
    assert_eq!(positions(&group), ends);
    reset(&["--to-earliest", "--execute"]);
    assert_eq!(positions(&group), [0; 4]);
    reset(&["--shift-by", "2", "--execute"]);
    assert_eq!(positions(&group), [2; 4]);
    reset(&["--to-offset", "1", "--execute"]);
    assert_eq!(positions(&group), [1; 4]);
    reset(&["--to-current", "--execute"]);
    assert_eq!(positions(&group), [1; 4]);
    reset(&["--to-latest", "--execute"]);
    assert_eq!(positions(&group), ends);
    reset(&["--by-duration", "PT1H", "--execute"]);
    assert_eq!(positions(&group), [0; 4]);
    reset(&["--to-datetime", "2099-01-01T00:00:00.000", "--execute"]);
    assert_eq!(positions(&group), ends);
    let exported = reset(&["--to-offset", "3", "--dry-run", "--export"]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &exported).unwrap();
    reset(&["--from-file", file.path().to_str().unwrap(), "--execute"]);
    assert_eq!(positions(&group), [3; 4], "{exported}");
    shop.ask(CONSUMER_GROUPS, &["--delete-offsets", "--group", &group, "--topic", "TOPIC:1"]);
    assert_eq!(positions(&group), [3, -1, 3, 3]);
    shop.ask(CONSUMER_GROUPS, &["--delete", "--group", &group]);
    assert_eq!(shop.ask(CONSUMER_GROUPS, &["--list"]).trim(), "");
}

#[test]
fn kafkas_tools_tell_of_groups_of_both_protocols_and_their_members() {
    let Some((mut shop, name)) = prepared().filter(|_| Client::FranzGo.works()) else { return };
    let kinds = [Kind::classic(Client::FranzGo, "range"), Kind::consumer(Client::FranzGo, "sticky")];
    for (kind, title) in kinds.into_iter().zip(["Classic", "Consumer"]) {
        let name = format!("{name}-{}", kind.protocol);
        let group = Group::new(&shop.broker, &name, &shop.topic, 6000);
        let member = Member::start(kind, &group, "m", "", 0);
        group.log.wait("it has all", |said| (events::held(said, "m").len() == 4).then_some(()));
        group.log.wait("all is committed", |said| {
            let all = (0..4).map(|partition| events::committed(said, &(group.topic.clone(), partition))).sum::<i64>();
            (all == 40).then_some(())
        });
        let state = |shop: &mut Workshop, words: &[&str]| {
            let said = shop.ask(CONSUMER_GROUPS, &[&["--describe", "--group", &name], words].concat());
            lines_with(&said, &name).into_iter().map(|words| words.join(" ")).collect::<Vec<_>>()
        };
        let [told] = &state(&mut shop, &["--state"])[..] else { panic!("one line") };
        assert!(told.contains(" Stable 1"), "{told}");
        let [told] = &state(&mut shop, &["--members", "--verbose"])[..] else { panic!("one line") };
        assert!(told.contains(&format!("{}:0,1,2,3", group.topic)), "{told}");
        let told = state(&mut shop, &["--offsets", "--verbose"]);
        assert_eq!(told.len(), 4, "{told:?}");
        let listed = shop.ask(CONSUMER_GROUPS, &["--list", "--state", "--type"]);
        assert_eq!(lines_with(&listed, &name), [[&name, title, "Stable"]], "{listed}");
        let listed = shop.ask(GROUPS, &["--list"]);
        assert_eq!(lines_with(&listed, &name), [[&name, title, "consumer"]], "{listed}");
        member.close();
    }
}

#[test]
fn kafkas_verifiable_consumer_reads_with_both_protocols() {
    let Some((mut shop, name)) = prepared() else { return };
    for protocol in ["classic", "consumer"] {
        let group = format!("{name}-{protocol}");
        let words = ["--topic", "TOPIC", "--group-id", &group, "--group-protocol", protocol, "--max-messages", "40"];
        let said = shop.ask(VERIFIABLE, &[&words[..], &["--reset-policy", "earliest"]].concat());
        let events: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let counts = events.iter().filter(|event| event["name"] == "records_consumed").map(|event| &event["count"]);
        assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), 40, "{said}");
        assert!(events.iter().any(|event| event["name"] == "offsets_committed" && event["success"] == true), "{said}");
    }
}
