//! The doctor finds what is wrong, says what to do, and changes nothing.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Broker, OTTLA};
use crate::tools::run;

/// Its exit code and its findings.
fn doctor(options: &[&str]) -> (i32, Vec<Value>) {
    let ended = run(Command::new(OTTLA).args(["doctor", "--json"]).args(options), b"");
    let out = String::from_utf8(ended.stdout).unwrap();
    (ended.status.code().unwrap(), out.lines().map(|line| serde_json::from_str(line).expect(line)).collect())
}

/// The texts of the findings about a subject that are as bad as this.
fn texts(findings: &[Value], severity: &str, subject: &str) -> String {
    let of = findings.iter().filter(|finding| finding["severity"] == severity && finding["subject"] == subject);
    of.map(|finding| format!("{}\n", finding["text"].as_str().unwrap())).collect()
}

#[test]
fn a_machine_without_faults_is_fit() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let (code, findings) = doctor(&["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 0, "{findings:?}");
    for subject in ["config", "data", "room", "listener", "clock"] {
        assert!(!texts(&findings, "OK", subject).is_empty(), "{subject}: {findings:?}");
    }
    assert!(!data.exists(), "the doctor makes nothing");
    let ended = run(Command::new(OTTLA).args(["doctor", "--listen", "127.0.0.1:0", "--data"]).arg(&data), b"");
    assert!(String::from_utf8(ended.stdout).unwrap().starts_with("OK    config: "), "for people");
}

#[test]
fn a_broker_that_runs_is_seen() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let data = broker.data_dir();
    let listen = broker.bootstrap().to_owned();
    let (code, findings) = doctor(&["--data", data.to_str().unwrap(), "--listen", &listen]);
    assert_eq!(code, 0, "{findings:?}");
    let process = format!("process {}", broker.pid());
    assert!(texts(&findings, "WARN", "lock").starts_with(&process), "{findings:?}");
    assert!(texts(&findings, "OK", "listener").contains(&process), "{findings:?}");
    broker.kill();
    let (_, findings) = doctor(&["--data", data.to_str().unwrap(), "--listen", &listen]);
    assert!(texts(&findings, "OK", "shutdown").contains("did not stop cleanly"), "{findings:?}");
    assert!(texts(&findings, "OK", "listener").contains("free"), "{findings:?}");
}

#[test]
fn a_port_that_is_taken_is_told_with_its_owner() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (code, findings) = doctor(&["--data", home.path().to_str().unwrap(), "--listen", &address]);
    let text = texts(&findings, "FAIL", "listener");
    assert!(code == 1 && text.contains(&format!("taken by process {}", std::process::id())), "{findings:?}");
}

#[test]
fn bad_settings_and_unknown_keys_are_told() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().to_str().unwrap();
    let (code, findings) = doctor(&["--data", data, "--set", "num.partitions=many"]);
    assert!(code == 1 && texts(&findings, "FAIL", "config").contains("num.partitions=many"), "{findings:?}");
    let (code, findings) = doctor(&["--data", data, "--listen", "127.0.0.1:0", "--set", "no.such.key=1"]);
    assert!(code == 0 && texts(&findings, "WARN", "config").contains("no.such.key"), "{findings:?}");
    let (code, findings) = doctor(&["--config", "/no/such/file"]);
    assert!(code == 1 && texts(&findings, "FAIL", "config").contains("/no/such/file"), "{findings:?}");
}

#[test]
fn an_advertised_address_that_is_none_is_told() {
    let home = tempfile::tempdir().unwrap();
    let advertised = "advertised.listeners=PLAINTEXT://no-such-host.invalid:9092";
    let options = ["--data", home.path().to_str().unwrap(), "--listen", "127.0.0.1:0", "--set", advertised];
    let (code, findings) = doctor(&options);
    assert!(code == 1 && texts(&findings, "FAIL", "advertised").contains("no-such-host.invalid"), "{findings:?}");
}

#[test]
fn data_of_others_and_damage_are_told() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("meta.properties", "version=1\nnode.id=7\ncluster.id=abc\n");
    let data = home.path().to_str().unwrap().to_owned();
    let (code, findings) = doctor(&["--data", &data, "--listen", "127.0.0.1:0"]);
    assert!(
        code == 1 && texts(&findings, "FAIL", "identity").contains("Apache Kafka with cluster.id=abc"),
        "{findings:?}"
    );
    write("cluster-metadata/x", "");
    write("t-0/00000000000000000000.damage", "");
    let (code, findings) = doctor(&["--data", &data, "--listen", "127.0.0.1:0"]);
    assert!(code == 1 && texts(&findings, "FAIL", "identity").contains("node.id=7"), "{findings:?}");
    assert!(texts(&findings, "WARN", "damage").contains("t-0/00000000000000000000.damage"), "{findings:?}");
}
