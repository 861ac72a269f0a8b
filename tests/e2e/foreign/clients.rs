//! The clients, and what each of them cannot do.

use std::path::Path;

use super::records::{Kind, Placed};
use super::session::{installed, source};
use super::{kcat, ottla};
use crate::tools::{available, python};

/// A program that produces, consumes and administrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// librdkafka's command line.
    Kcat,
    /// confluent-kafka for Python.
    Confluent,
    /// kafka-python.
    KafkaPython,
    /// aiokafka.
    Aiokafka,
    /// kafkajs for Node.
    Kafkajs,
    /// franz-go.
    FranzGo,
    /// segmentio's kafka-go, in groups only.
    KafkaGo,
    /// Kafka's own kafka-clients.
    Java,
    /// Our own command line.
    Ottla,
}

/// What the program in Go is made of.
const GO_FILES: [&str; 8] =
    ["go.sum", "client.go", "lag.go", "records.go", "serve.go", "member.go", "franz.go", "segmentio.go"];

impl Client {
    pub const ALL: [Client; 8] = [
        Client::Kcat,
        Client::Confluent,
        Client::KafkaPython,
        Client::Aiokafka,
        Client::Kafkajs,
        Client::FranzGo,
        Client::Java,
        Client::Ottla,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Client::Kcat => "kcat",
            Client::Confluent => "confluent-kafka",
            Client::KafkaPython => "kafka-python",
            Client::Aiokafka => "aiokafka",
            Client::Kafkajs => "kafkajs",
            Client::FranzGo => "franz-go",
            Client::KafkaGo => "kafka-go",
            Client::Java => "kafka-clients (Java)",
            Client::Ottla => "ottla",
        }
    }

    /// Those that this machine has. With `CI=true` all of them.
    pub fn all_available() -> Vec<Client> {
        Client::ALL.into_iter().filter(|client| client.works()).collect()
    }

    /// Whether this machine has it.
    pub fn works(self) -> bool {
        let imports = |module: &str| available(&python(), &["-c", &format!("import {module}")]);
        match self {
            Client::Kcat => available(Path::new("kcat"), &["-V"]),
            Client::Confluent => imports("confluent_kafka"),
            Client::KafkaPython => imports("kafka"),
            Client::Aiokafka => imports("aiokafka"),
            Client::Kafkajs => {
                is_fresh("node", &["package-lock.json"]) && available(&installed("node/bin/node"), &["-v"])
            }
            Client::FranzGo | Client::KafkaGo => is_fresh("go", &GO_FILES),
            Client::Java => java_works(),
            Client::Ottla => true,
        }
    }

    /// Why this client cannot write a kind of record. Every None is a cell of the matrix that is tested.
    pub fn cannot_write(self, placed: &Placed) -> Option<&'static str> {
        match (self, placed.kind) {
            (Client::Kcat, _) => kcat::cannot_write(&placed.record),
            (Client::Ottla, _) => ottla::cannot_write(&placed.record),
            (Client::KafkaPython, Kind::NullHeader) => Some("a header's value is bytes"),
            (Client::Kafkajs, Kind::NullHeader) => Some("a header's value is text or bytes"),
            (Client::Aiokafka | Client::KafkaPython, Kind::NullRecord) => Some("wants a key or a value"),
            _ => None,
        }
    }

    /// Why this client cannot say when a record was made.
    pub fn cannot_date(self) -> Option<&'static str> {
        matches!(self, Client::Kcat | Client::Ottla).then_some("the command has no option for it")
    }

    /// Why this client's producer cannot be idempotent.
    pub fn cannot_be_idempotent(self) -> Option<&'static str> {
        None
    }

    /// Why this client cannot read partitions by assignment.
    pub fn cannot_read(self) -> Option<&'static str> {
        (self == Client::Kafkajs).then_some("its consumer works in groups only")
    }
}

/// Whether the Java programs are there and the compiled ones are those of the sources.
pub fn java_works() -> bool {
    is_fresh("java", &["Client.java", "Tools.java", "Member.java"]) && available(Path::new("java"), &["-version"])
}

/// Whether what was built from these files of `tests/foreign/<dir>` was built from them as they are now.
fn is_fresh(dir: &str, files: &[&str]) -> bool {
    let read = |path| std::fs::read(path).ok();
    let stale = files.iter().find(|file| read(installed(dir).join(file)) != read(source(dir).join(file)));
    assert!(stale.is_none() || std::env::var("CI").as_deref() != Ok("true"), "{dir}/{stale:?} is not installed");
    if let Some(file) = stale {
        eprintln!("skipped: {dir}/{file} is not installed as it is now; tests/foreign/setup.sh does it");
    }
    stale.is_none()
}
