//! The command line against a running broker: a round trip through its own commands, what scripts read from it, and exit
//! codes: 0 all is well, 1 the broker refused or data is damaged, 2 wrong usage, 3 nobody to talk to, 4 not found or there
//! already.

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::{Broker, OTTLA, unique};
use crate::tools::{output_of, run};

#[test]
fn what_is_produced_is_consumed() {
    let broker = Broker::start();
    let topic = unique("round-trip");
    output_of(&mut ottla(&broker, &["topic", "create", &topic]), b"");
    output_of(&mut ottla(&broker, &["produce", &topic]), b"one\ntwo\n\xc3\xbc three\n");
    let consumed = output_of(&mut ottla(&broker, &["consume", &topic]), b"");
    assert_eq!(String::from_utf8(consumed).unwrap(), "one\ntwo\n\u{fc} three\n");
}

#[test]
fn a_file_of_many_keyed_lines_comes_back_in_order() {
    let broker = Broker::start();
    let topic = unique("many");
    output_of(&mut ottla(&broker, &["topic", "create", &topic, "--partitions", "3"]), b"");
    let lines: Vec<String> = (0..20_000).map(|i| format!("key {}:value {i}", i % 100)).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines.join("\n") + "\n").unwrap();
    output_of(&mut ottla(&broker, &["produce", &topic, file.path().to_str().unwrap(), "-K"]), b"");

    let consumed = output_of(&mut ottla(&broker, &["consume", &topic, "--format", "json"]), b"");
    let records = json_lines(&consumed);
    assert_eq!(records.len(), lines.len());
    for key in 0..100 {
        let key = format!("key {key}");
        let of_key: Vec<_> = records.iter().filter(|record| record["key"] == key.as_str()).collect();
        let values: Vec<_> = of_key.iter().map(|record| record["value"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<_> =
            lines.iter().filter_map(|line| line.strip_prefix(&format!("{key}:"))).map(str::to_owned).collect();
        assert_eq!(values, expected, "{key}");
        assert!(of_key.iter().all(|record| record["partition"] == of_key[0]["partition"]), "{key} is in one partition");
    }
}

#[test]
fn topics_are_listed_described_and_deleted() {
    let broker = Broker::start();
    let topic = unique("listed");
    output_of(&mut ottla(&broker, &["topic", "create", &topic, "--partitions", "3"]), b"");
    let said = |args: &[&str]| String::from_utf8(output_of(&mut ottla(&broker, args), b"")).unwrap();
    assert!(said(&["topic", "list"]).contains(&topic));
    assert!(said(&["topic", "list", "--json"]).contains(&format!("{topic:?}")));
    let described = said(&["topic", "describe", &topic, "--json"]);
    let described: Value = serde_json::from_str(described.lines().next().unwrap()).unwrap();
    assert_eq!(described["partitions"].as_array().map(Vec::len), Some(3), "{described}");
    said(&["topic", "delete", &topic]);
    assert!(!said(&["topic", "list"]).contains(&topic));
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let broker = Broker::start();
    let topic = unique("codes");
    let code = |args: &[&str]| run(&mut ottla(&broker, args), b"").status.code();
    assert_eq!(code(&["topic", "create", &topic]), Some(0));
    assert_eq!(code(&["topic", "create", &topic]), Some(4), "it is there already");
    assert_eq!(code(&["topic", "create", &topic, "--if-not-exists"]), Some(0));
    assert_eq!(code(&["topic", "describe", "no-such-topic"]), Some(4));
    assert_eq!(code(&["topic", "delete", "no-such-topic"]), Some(4));
    assert_eq!(code(&["consume", "no-such-topic"]), Some(4));
    assert_eq!(code(&["topic", "create", "not/a/name"]), Some(1));
    assert_eq!(code(&["topic", "create", &unique("bad"), "--config", "no.such.config=1"]), Some(1));
    assert_eq!(code(&["topic", "create"]), Some(2));
    assert_eq!(code(&["no-such-command"]), Some(2));
}

#[test]
fn a_broker_that_is_not_there_is_named_with_what_to_do() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let Output { status, stderr, .. } = run(Command::new(OTTLA).args(["topic", "list", "-b", &closed]), b"");
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains(&closed) && said.contains("ottla serve"), "{said}");
}

#[test]
fn ctrl_c_stops_the_broker_with_success() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    assert!(broker.stop().success());
}

/// The command, pointed at `broker` by a flag after its other arguments.
pub fn ottla(broker: &Broker, args: &[&str]) -> Command {
    let mut command = Command::new(OTTLA);
    command.args(args).args(["--bootstrap", broker.bootstrap()]);
    command
}

pub fn json_lines(text: &[u8]) -> Vec<Value> {
    std::str::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
