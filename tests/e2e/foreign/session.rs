//! A foreign client that does jobs: see `tests/foreign/README.md`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;

use super::clients::Client;
use super::{kcat, ottla};
use crate::harness::lines_of;
use crate::tools::python;

/// How long a job may take. Longer than the clients' own patience, so that they can say what they waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// What became of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done, with what the README of the jobs says.
    Ok(Value),
    /// The client cannot do it, and why.
    Unsupported(String),
    /// It went wrong, in the client's words.
    Error(String),
}

impl Reply {
    /// The value of a job that must succeed.
    #[track_caller]
    pub fn ok(self, what: &str) -> Value {
        match self {
            Reply::Ok(value) => value,
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// A client that is connected, or a command that is run for each job.
pub enum Session {
    Process(Process),
    Kcat(String),
    Ottla(String),
}

impl Session {
    pub fn start(client: Client, bootstrap: &str) -> Session {
        match client {
            Client::Kcat => Session::Kcat(bootstrap.to_owned()),
            Client::Ottla => Session::Ottla(bootstrap.to_owned()),
            _ => Session::Process(Process::start(command(client).arg(bootstrap))),
        }
    }

    pub fn call(&mut self, job: &Value) -> Reply {
        match self {
            Session::Process(process) => reply(&process.call(job)),
            Session::Kcat(bootstrap) => kcat::call(bootstrap, job),
            Session::Ottla(bootstrap) => ottla::call(bootstrap, job),
        }
    }
}

fn reply(answer: &Value) -> Reply {
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    if let Some(why) = text("unsupported") {
        return Reply::Unsupported(why);
    }
    text("error").map_or_else(|| Reply::Ok(answer["ok"].clone()), Reply::Error)
}

/// The program of a client that is a process, which needs an address yet.
pub fn command(client: Client) -> Command {
    let python_client = |name: &str| {
        let mut command = Command::new(python());
        command.arg(source("python/serve.py")).arg(name);
        command
    };
    match client {
        Client::Confluent => python_client("confluent"),
        Client::KafkaPython => python_client("kafka_python"),
        Client::Aiokafka => python_client("aiokafka"),
        Client::Kafkajs => {
            let mut command = Command::new(installed("node/bin/node"));
            command.arg(source("node/serve.js")).env("OTTLA_NODE_MODULES", installed("node"));
            command
        }
        Client::FranzGo => Command::new(installed("go/serve")),
        Client::Java => java("Client"),
        Client::Kcat | Client::Ottla | Client::KafkaGo => unreachable!("a command for each job, or none"),
    }
}

/// One of our own Java programs, on Kafka's libraries. One compiler is enough for what runs for seconds.
pub fn java(class: &str) -> Command {
    let path = format!("{}:{}/*", installed("java").display(), installed("kafka/libs").display());
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-cp", &path, class]);
    command
}

/// What `tests/foreign/setup.sh` made.
pub fn installed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/foreign").join(path)
}

/// A file of `tests/foreign`.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign").join(path)
}

/// A program that answers each line of JSON with one.
pub struct Process {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
    said: tempfile::NamedTempFile,
}

impl Process {
    pub fn start(command: &mut Command) -> Process {
        let said = tempfile::NamedTempFile::new().unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(said.reopen().unwrap());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (stdin, answers) = (child.stdin.take().unwrap(), lines_of(child.stdout.take().unwrap()));
        Process { child, stdin, answers, said }
    }

    pub fn call(&mut self, job: &Value) -> Value {
        // A program that has ended is noticed when no answer comes.
        let _ = writeln!(self.stdin, "{job}");
        let Ok(answer) = self.answers.recv_timeout(PATIENCE) else {
            panic!("no answer to {:.200}; it said: {}", job.to_string(), self.said())
        };
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{answer:.200}: {error}"))
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.said.path()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
