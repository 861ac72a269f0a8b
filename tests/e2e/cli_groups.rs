//! `ottla group` and `ottla consume --group` against a running broker.

use serde_json::Value;

use crate::cli::{json_lines, ottla};
use crate::harness::{Broker, unique};
use crate::tools::{output_of, run};

/// A topic with four records, and a name for a group.
fn prepared(broker: &Broker) -> (String, String) {
    let topic = unique("group");
    output_of(&mut ottla(broker, &["topic", "create", &topic, "--partitions", "1"]), b"");
    output_of(&mut ottla(broker, &["produce", &topic]), b"one\ntwo\nthree\nfour\n");
    (topic, unique("readers"))
}

fn said(broker: &Broker, args: &[&str]) -> String {
    String::from_utf8(output_of(&mut ottla(broker, args), b"")).unwrap()
}

fn lines(broker: &Broker, args: &[&str]) -> Vec<Value> {
    json_lines(&output_of(&mut ottla(broker, &[args, &["--json"]].concat()), b""))
}

/// Exit code and stderr.
fn failed(broker: &Broker, args: &[&str]) -> (Option<i32>, String) {
    let ended = run(&mut ottla(broker, args), b"");
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn a_group_goes_on_behind_what_was_printed() {
    let broker = Broker::start();
    for protocol in ["classic", "consumer"] {
        let (topic, group) = prepared(&broker);
        let consume = ["consume", &topic, "--group", &group, "--protocol", protocol];
        assert_eq!(said(&broker, &[&consume[..], &["--max", "3"]].concat()), "one\ntwo\nthree\n");
        assert_eq!(said(&broker, &consume), "four\n");
        assert_eq!(said(&broker, &consume), "");
        let lag = lines(&broker, &["group", "lag", &group]);
        assert_eq!((&lag[0]["committed"], &lag[0]["end"], &lag[0]["lag"]), (&4.into(), &4.into(), &0.into()));
    }
}

#[test]
fn a_reset_is_shown_first_and_done_when_it_is_told_to() {
    let broker = Broker::start();
    let (topic, group) = prepared(&broker);
    let consume = ["consume", &topic, "--group", &group];
    said(&broker, &consume);
    let reset = ["group", "reset", &group, "--topic", &topic, "--shift-by", "-2"];
    let plan = lines(&broker, &reset);
    assert_eq!((&plan[0]["from"], &plan[0]["to"], &plan[0]["executed"]), (&4.into(), &2.into(), &false.into()));
    assert!(said(&broker, &reset).contains("nothing was changed"));
    assert_eq!(said(&broker, &consume), "");
    said(&broker, &[&reset[..], &["--execute"]].concat());
    assert_eq!(said(&broker, &consume), "three\nfour\n");
    said(&broker, &["group", "reset", &group, "--all-topics", "--by-duration", "1h", "--execute"]);
    assert_eq!(said(&broker, &consume), "one\ntwo\nthree\nfour\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{topic},0,3\n")).unwrap();
    said(&broker, &["group", "reset", &group, "--from-file", file.path().to_str().unwrap(), "--execute"]);
    assert_eq!(said(&broker, &consume), "four\n");
}

#[test]
fn groups_are_listed_described_and_deleted() {
    let broker = Broker::start();
    let (topic, group) = prepared(&broker);
    said(&broker, &["consume", &topic, "--group", &group]);
    let listed = lines(&broker, &["group", "list"]);
    let found = listed.iter().find(|line| line["group"] == group.as_str()).unwrap();
    assert_eq!((&found["protocol"], &found["state"]), (&"consumer".into(), &"Empty".into()));
    assert!(said(&broker, &["group", "list", "--state", "Stable"]).lines().all(|line| !line.starts_with(&group)));
    let described = lines(&broker, &["group", "describe", &group]);
    assert_eq!((&described[0]["state"], &described[0]["members"]), (&"Empty".into(), &Value::Array(Vec::new())));
    assert!(said(&broker, &["group", "delete", &group]).contains("deleted"));
    for command in ["describe", "lag", "delete"] {
        let (code, stderr) = failed(&broker, &["group", command, &group]);
        assert_eq!(code, Some(4), "{command}: {stderr}");
        assert!(stderr.contains("GROUP_ID_NOT_FOUND") && stderr.contains("ottla group list"), "{stderr}");
    }
    assert_eq!(failed(&broker, &["group", "reset", &group, "--to-latest"]).0, Some(2), "no topics");
}

#[test]
fn what_happened_to_a_group_is_told() {
    let Some(broker) = Broker::own(&[]) else { return };
    let (topic, group) = prepared(&broker);
    said(&broker, &["consume", &topic, "--group", &group]);
    let told = lines(&broker, &["group", "explain", &group]);
    assert!(told.len() > 2, "{told:?}");
    assert!(told.iter().all(|line| line["timestamp"].as_i64() > Some(1_600_000_000_000)), "{told:?}");
    let (code, stderr) = failed(&broker, &["group", "explain", &unique("nobody")]);
    assert_eq!(code, Some(4), "{stderr}");
}
