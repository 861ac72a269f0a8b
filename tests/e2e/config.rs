//! Settings from the command line and a file: what is not obeyed is said, and what would secure the broker is never
//! silently left out.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use kafka_protocol::messages::MetadataRequest;
use tempfile::TempDir;

use crate::harness::{Broker, serve};
use crate::raw::Connection;
use crate::tools::run;

#[test]
fn an_unknown_key_is_named_and_the_broker_starts() {
    let Some(broker) = Broker::own(&["--set", "no.such.key=1"]) else { return };
    assert!(broker.stderr().contains("no.such.key"), "{}", broker.stderr());
    assert!(!Connection::open(&broker).api_versions().is_empty());
}

#[test]
fn a_key_without_effect_is_named() {
    let Some(broker) = Broker::own(&["--set", "num.io.threads=8"]) else { return };
    assert!(broker.stderr().contains("num.io.threads"), "{}", broker.stderr());
}

#[test]
fn a_key_of_the_file_is_obeyed_and_the_command_line_wins() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("server.properties");
    fs::write(&file, "# A comment.\nnum.partitions=3\nauto.create.topics.enable = false\nno.such.key=1\n").unwrap();
    let options = ["--config", file.to_str().unwrap(), "--set", "num.partitions=5"];
    let Some(broker) = Broker::own(&options) else { return };
    let mut connection = Connection::open(&broker);
    connection.create_topic("by-default", -1);
    assert_eq!(connection.latest_offset("by-default", 4), Ok(0));
    assert!(connection.latest_offset("by-default", 5).is_err());
    assert!(broker.stderr().contains("no.such.key"), "{}", broker.stderr());
}

#[test]
fn a_listener_with_tls_or_sasl_is_refused_by_name() {
    refuses(&["--set", "listeners=SSL://127.0.0.1:0"], "listeners");
    refuses(&["--set", "listeners=SASL_PLAINTEXT://127.0.0.1:0"], "listeners");
    refuses(&["--set", "listeners=SASL_SSL://127.0.0.1:0"], "listeners");
    let mapped = ["--set", "listeners=IN://127.0.0.1:0", "--set", "listener.security.protocol.map=IN:SSL"];
    refuses(&mapped, "listener.security.protocol.map");
}

#[test]
fn keys_that_would_secure_the_broker_are_refused_by_name() {
    refuses(&["--set", "ssl.keystore.location=/etc/keys"], "ssl.keystore.location");
    refuses(&["--set", "sasl.enabled.mechanisms=PLAIN"], "sasl.enabled.mechanisms");
    refuses(&["--set", "authorizer.class.name=org.example.Authorizer"], "authorizer.class.name");
    let secret = refuses(&["--set", "ssl.keystore.password=hunter2"], "ssl.keystore.password");
    assert!(!secret.contains("hunter2"), "a password was printed: {secret}");
}

#[test]
fn a_bad_value_is_refused_by_name() {
    refuses(&["--set", "num.partitions=many"], "num.partitions");
    refuses(&["--set", "num.partitions=0"], "num.partitions");
    refuses(&["--config", "/no/such/server.properties"], "/no/such/server.properties");
}

#[test]
fn a_controller_alone_is_refused() {
    refuses(&["--set", "process.roles=controller"], "process.roles");
}

#[test]
fn each_listener_advertises_its_own_address_and_serves() {
    let names = "listeners=INTERNAL://127.0.0.1:0,EXTERNAL://127.0.0.2:0";
    let map = "listener.security.protocol.map=INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT";
    let home = tempfile::tempdir().unwrap();
    let mut command = serve(&home.path().join("data"), &["--set", names, "--set", map]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let listed = ready.split(" ready on ").nth(1).and_then(|rest| rest.split(", data in").next()).unwrap_or_default();
    let addresses: Vec<String> = listed.split(", ").map(str::to_owned).collect();
    let advertised = addresses.iter().map(|address| {
        let request = MetadataRequest::default().with_topics(Some(Vec::new()));
        let broker = Connection::to(address).call(12, &request).brokers.remove(0);
        format!("{}:{}", broker.host.as_str(), broker.port)
    });
    let advertised: Vec<_> = advertised.collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((addresses.len(), advertised), (2, addresses));
}

#[test]
fn one_data_directory_serves_one_broker() {
    let Some(broker) = Broker::own(&[]) else { return };
    let second = run(&mut serve(&broker.data_dir(), &["--listen", "127.0.0.1:0"]), b"");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains(broker.data_dir().to_str().unwrap()), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let Some(broker) = Broker::own(&[]) else { return };
    let home = tempfile::tempdir().unwrap();
    let second = run(&mut serve(home.path(), &["--listen", broker.bootstrap()]), b"");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains(broker.bootstrap()), "{said}");
}

/// Starts a broker that must not start, and returns what it said; the word `named` must be in it.
fn refuses(options: &[&str], named: &str) -> String {
    let home: TempDir = tempfile::tempdir().unwrap();
    let Output { status, stderr, stdout } = run(&mut serve(&home.path().join("data"), options), b"");
    let said = String::from_utf8(stderr).unwrap();
    assert!(!status.success(), "{options:?}: started and ended well: {said}");
    assert!(said.contains(named), "{options:?}: {said}");
    assert!(stdout.is_empty(), "{options:?}: got ready");
    said
}
