//! Foreign clients as members of a group, each a process of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Signal, kill_process};
use serde_json::json;

use super::clients::Client;
use super::events::{Log, What};
use super::session::{installed, java, source};
use crate::harness::{Broker, exits_in_time, keeps, lines_of, pid_of};
use crate::tools::python;

/// A client that can be a member, and how it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub client: Client,
    /// "classic" or "consumer".
    pub protocol: &'static str,
    pub assignor: &'static str,
    /// With an instance id, which the next member has again when this one is gone.
    pub is_static: bool,
}

impl Kind {
    pub const fn classic(client: Client, assignor: &'static str) -> Kind {
        Kind { client, protocol: "classic", assignor, is_static: false }
    }

    pub const fn consumer(client: Client, assignor: &'static str) -> Kind {
        Kind { client, protocol: "consumer", assignor, is_static: false }
    }

    pub const fn of_static_members(self) -> Kind {
        Kind { is_static: true, ..self }
    }

    /// Whether the client is on this machine.
    pub fn works(self) -> bool {
        self.client.works()
    }
}

/// Of which group, and how its members go about it.
#[derive(Clone)]
pub struct Group {
    pub bootstrap: String,
    pub name: String,
    pub topic: String,
    pub session_ms: u32,
    pub max_records: u32,
    pub log: Arc<Log>,
    pub instances: Arc<Instances>,
    /// Where each member writes what it says on stderr.
    pub dir: PathBuf,
}

impl Group {
    /// Without members.
    pub fn new(broker: &Broker, name: &str, topic: &str, session_ms: u32) -> Group {
        Group {
            bootstrap: broker.bootstrap().to_owned(),
            topic: topic.to_owned(),
            name: name.to_owned(),
            session_ms,
            max_records: 10,
            log: Arc::default(),
            instances: Arc::default(),
            dir: broker.home().into(),
        }
    }
}

/// Which instance ids somebody has, or may have still.
#[derive(Default)]
pub struct Instances(Mutex<BTreeSet<usize>>);

impl Instances {
    fn take(&self) -> usize {
        let mut taken = self.0.lock().unwrap();
        let free = (0..).find(|instance| !taken.contains(instance)).expect("numbers do not end");
        taken.insert(free);
        free
    }

    fn give_back(&self, instance: Option<usize>) {
        instance.map(|instance| self.0.lock().unwrap().remove(&instance));
    }
}

/// A member that runs. Dropping it kills it.
pub struct Member {
    pub name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    reader: Option<JoinHandle<()>>,
    log: Arc<Log>,
    stopped: bool,
    kind: Kind,
    instances: Arc<Instances>,
    instance: Option<usize>,
}

impl Member {
    /// Starts one, static where it has an instance id or is of static members, and slow where its batches take time.
    pub fn start(kind: Kind, group: &Group, name: &str, instance: &str, slow_ms: u32) -> Member {
        let own = kind.is_static.then(|| group.instances.take());
        let instance = own.map_or(instance.to_owned(), |own| format!("instance-{own}"));
        let asked = json!({
            "bootstrap": group.bootstrap, "group": group.name, "topics": [group.topic], "protocol": kind.protocol,
            "assignor": kind.assignor, "instance": instance, "session_ms": group.session_ms, "commit": "each",
            "slow_ms": slow_ms, "max_records": group.max_records, "debug": keeps(),
        });
        let mut command = command(kind.client);
        command.arg(asked.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(group.dir.join(format!("{name}.stderr"))).unwrap());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (stdin, lines) = (child.stdin.take(), lines_of(child.stdout.take().unwrap()));
        let (log, said_by) = (Arc::clone(&group.log), name.to_owned());
        let reader = thread::spawn(move || lines.iter().for_each(|line| log.line(&said_by, &line)));
        Member {
            name: name.to_owned(),
            child,
            stdin,
            reader: Some(reader),
            log: Arc::clone(&group.log),
            stopped: false,
            kind,
            instances: Arc::clone(&group.instances),
            instance: own,
        }
    }

    /// Lets it leave the group and waits for its end.
    pub fn close(mut self) {
        self.resume();
        let _ = writeln!(self.stdin.take().expect("runs"), "close");
        assert!(exits_in_time(&self.child), "{} did not end", self.name);
        self.heard();
        self.instances.give_back(self.instance);
    }

    /// `kill -9`. What it said before is in the log afterwards.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.heard();
        self.log.note(&self.name, What::Killed);
        // In a consumer group an instance that has not said that it will be back keeps its place as long as its session.
        if self.kind.protocol == "classic" {
            self.instances.give_back(self.instance);
        }
    }

    /// SIGSTOP.
    pub fn stop(&mut self) {
        kill_process(pid_of(&self.child), Signal::STOP).unwrap();
        self.stopped = true;
        self.log.note(&self.name, What::Stopped);
    }

    /// SIGCONT, if it was stopped.
    pub fn resume(&mut self) {
        if std::mem::take(&mut self.stopped) {
            self.log.note(&self.name, What::Continued);
            kill_process(pid_of(&self.child), Signal::CONT).unwrap();
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    fn heard(&mut self) {
        self.reader.take().expect("once").join().expect("every line is an event");
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(client: Client) -> Command {
    let in_python = |name: &str| {
        let mut command = Command::new(python());
        command.arg(source("python/member.py")).arg(name);
        command
    };
    let in_go = |name: &str| {
        let mut command = Command::new(installed("go/serve"));
        command.arg(name);
        command
    };
    match client {
        Client::Confluent => in_python("confluent"),
        Client::KafkaPython => in_python("kafka_python"),
        Client::Aiokafka => in_python("aiokafka"),
        Client::FranzGo => in_go("franz"),
        Client::KafkaGo => in_go("segmentio"),
        Client::Java => java("Member"),
        Client::Kafkajs => {
            let mut command = Command::new(installed("node/bin/node"));
            command.arg(source("node/member.js")).env("OTTLA_NODE_MODULES", installed("node"));
            command
        }
        Client::Kcat | Client::Ottla => unreachable!("not a program of ours"),
    }
}
