//! Directories that Apache Kafka wrote: their partitions are served as Kafka served them, and a whole directory that is
//! given by mistake is left alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::batch::crc32c;
use crate::harness::{Broker, OTTLA, serve};
use crate::tools::{available, output_of, python, run};

/// The topics whose records are compared; that a log begins above its first batch is tested where logs are.
const TOPICS: [&str; 11] = [
    "shapes-none",
    "shapes-gzip",
    "shapes-snappy",
    "shapes-lz4",
    "shapes-zstd",
    "segments",
    "times",
    "append-time",
    "producers",
    "transactions",
    "epochs",
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/kafka-4.3.1")
}

#[test]
fn partitions_of_kafka_are_served_after_a_clean_stop() {
    serves(|_| ());
}

#[test]
fn partitions_of_kafka_are_served_after_a_kill() {
    serves(|broker| fs::remove_file(broker.data_dir().join(".kafka_cleanshutdown")).unwrap());
}

/// Puts Kafka's files in the place of ours and compares what consumers get with what Kafka's consumer got.
fn serves(as_if: impl FnOnce(&Broker)) {
    let Some(mut broker) = Broker::own(&["--set", "log.retention.ms=-1"]) else { return };
    for topic in TOPICS {
        let create = ["topic", "create", topic, "--partitions", "1", "--bootstrap"];
        assert!(Command::new(OTTLA).args(create).arg(broker.bootstrap()).status().unwrap().success());
    }
    broker.stop();
    TOPICS.iter().for_each(|topic| adopt(&broker, topic));
    as_if(&broker);
    broker.start_again();
    let expected: Value = serde_json::from_slice(&fs::read(golden().join("expected.json")).unwrap()).unwrap();
    for topic in TOPICS {
        let records = expected[topic]["records"].as_array().unwrap();
        if available(Path::new("kcat"), &["-V"]) {
            assert_eq!(kcat(&broker, topic), records.iter().map(sizes).collect::<Vec<_>>(), "kcat reads {topic}");
        }
        if available(&python(), &["-c", "import confluent_kafka"]) {
            assert_eq!(confluent(&broker, topic), *records, "confluent-kafka reads {topic}");
        }
    }
    assert!(!broker.stderr().contains("damaged"), "{}", broker.stderr());
}

/// The directory gets Kafka's files; what topic it belongs to stays.
fn adopt(broker: &Broker, topic: &str) {
    let ours = broker.data_dir().join(format!("{topic}-0"));
    let keep = "partition.metadata";
    for entry in fs::read_dir(&ours).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != keep) {
        fs::remove_file(entry.path()).unwrap();
    }
    let kafkas = golden().join(format!("clean/{topic}-0"));
    for entry in fs::read_dir(kafkas).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != keep) {
        fs::copy(entry.path(), ours.join(entry.file_name())).unwrap();
    }
}

/// Offset, timestamp and the lengths of key and value; -1 for null.
fn sizes(record: &Value) -> String {
    let len = |digest: &Value| digest[0].as_i64().unwrap_or(-1);
    format!("{} {} {} {}", record["offset"], record["timestamp"], len(&record["key"]), len(&record["value"]))
}

fn kcat(broker: &Broker, topic: &str) -> Vec<String> {
    let mut command = Command::new("kcat");
    command.args(["-b", broker.bootstrap(), "-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q"]);
    command.args(["-X", "isolation.level=read_uncommitted", "-X", "check.crcs=true", "-f", "%o %T %K %S\n"]);
    String::from_utf8(output_of(&mut command, b"")).unwrap().lines().map(str::to_owned).collect()
}

fn confluent(broker: &Broker, topic: &str) -> Vec<Value> {
    let spec = json!({
        "bootstrap": broker.bootstrap(), "topic": topic, "partitions": 1, "isolation": "read_uncommitted",
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), spec.to_string()).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign/python/client.py");
    let output = output_of(Command::new(python()).arg(program).arg("consume").arg(file.path()), b"");
    String::from_utf8(output).unwrap().lines().map(|line| digested(&serde_json::from_str(line).unwrap())).collect()
}

/// A line of `client.py` as it stands in `expected.json`.
fn digested(line: &Value) -> Value {
    let digest = |value: &Value| match value.as_str() {
        Some(text) => {
            let bytes = STANDARD.decode(text).unwrap();
            json!([bytes.len(), crc32c(&bytes)])
        }
        None => Value::Null,
    };
    let headers = line["headers"].as_array().unwrap().iter().map(|pair| json!([pair[0], digest(&pair[1])]));
    json!({
        "offset": line["offset"],
        "timestamp": line["timestamp"],
        "key": digest(&line["key"]),
        "value": digest(&line["value"]),
        "headers": headers.collect::<Vec<_>>(),
    })
}

#[test]
fn a_data_directory_of_kafka_is_refused_and_nothing_in_it_changes() {
    let copy = tempfile::tempdir().unwrap();
    output_of(Command::new("cp").arg("-r").arg(golden().join("clean/.")).arg(copy.path()), b"");
    refuses(copy.path(), "cluster.id=goldengoldengoldengA");

    // One whose `meta.properties` is gone is none of ours either.
    fs::remove_file(copy.path().join("meta.properties")).unwrap();
    refuses(copy.path(), "Nothing was changed");
}

#[test]
fn a_directory_with_kafkas_metadata_log_alone_is_refused() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("__cluster_metadata-0")).unwrap();
    refuses(home.path(), "__cluster_metadata-0");
}

fn refuses(data: &Path, word: &str) {
    let before = tree(data);
    let ended = run(serve(data, &["--listen", "127.0.0.1:0"]).env("NO_COLOR", "1"), b"");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success(), "it started: {said}");
    assert!(said.contains(word) && said.contains("--data"), "{said}");
    assert!(tree(data) == before, "the directory has changed");
}

/// Every file with its bytes, every directory without.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(tree(&path));
            found.insert(path, None);
        } else {
            found.insert(path.clone(), Some(fs::read(path).unwrap()));
        }
    }
    found
}
