//! Workers of Kafka Connect: a group of type `connect`, and the groups of the sinks' consumers.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use kafka_protocol::messages::DescribeGroupsRequest;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::clients::java_works;
use super::session::java;
use crate::groups::member::group_id;
use crate::harness::{Broker, PATIENCE, lines_of};
use crate::operators::http::exchange;
use crate::raw::Connection;

const GROUP: &str = "the-workers";
/// The topics in which workers keep what they know, each with its partitions.
const TOPICS: [(&str, i32); 3] = [("connect-configs", 1), ("connect-offsets", 2), ("connect-status", 1)];
/// Kafka's of `connect-distributed.properties`, but for times that a test can wait for.
const SETTINGS: &str = "\
group.id=the-workers
listeners=http://127.0.0.1:0
config.storage.topic=connect-configs
offset.storage.topic=connect-offsets
status.storage.topic=connect-status
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
plugin.discovery=service_load
offset.flush.interval.ms=200
scheduled.rebalance.max.delay.ms=0
session.timeout.ms=3000
heartbeat.interval.ms=300
consumer.session.timeout.ms=3000
consumer.heartbeat.interval.ms=300
";

/// Workers, a file that they read, and what they say, which is also what their sinks write.
struct Cluster {
    broker: Broker,
    home: TempDir,
    read: File,
    workers: Vec<Child>,
    says: Sender<(usize, String)>,
    said: Receiver<(usize, String)>,
    heard: Vec<(usize, String)>,
}

impl Cluster {
    fn open() -> Option<Cluster> {
        if !java_works() {
            return None;
        }
        let settings = ["group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000"];
        let broker = Broker::own(&settings.map(|setting| ["--set", setting]).concat())?;
        let mut connection = Connection::open(&broker);
        // A worker makes them with the policy `compact`. Where nothing is removed at all it lets them pass.
        for (topic, partitions) in TOPICS {
            connection.create_topic_with(topic, partitions, &[("cleanup.policy", "")]);
        }
        connection.create_topic("copied", 2);
        let home = tempfile::tempdir().unwrap();
        let read = File::create(home.path().join("read")).unwrap();
        std::fs::write(
            home.path().join("worker.properties"),
            format!("{SETTINGS}bootstrap.servers={}\n", broker.bootstrap()),
        )
        .unwrap();
        let (says, said) = mpsc::channel();
        Some(Cluster { broker, home, read, workers: Vec::new(), says, said, heard: Vec::new() })
    }

    /// Starts a worker and gives the address that it listens on.
    fn start(&mut self) -> String {
        let worker = self.workers.len();
        let mut command = java("org.apache.kafka.connect.cli.ConnectDistributed");
        command.env("JDK_JAVA_OPTIONS", "-Dlog4j2.level=INFO").arg(self.home.path().join("worker.properties"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (lines, says) = (lines_of(child.stdout.take().unwrap()), self.says.clone());
        thread::spawn(move || lines.iter().all(|line| says.send((worker, line)).is_ok()));
        self.workers.push(child);
        let said = self.await_line(worker, "Advertised URI: http://");
        self.await_line(worker, "server is started and ready to handle requests");
        said.rsplit_once("http://").unwrap().1.trim_end_matches('/').to_owned()
    }

    fn connector(&self, address: &str, name: &str, config: &Value) {
        let config = config.to_string();
        let head = format!("PUT /connectors/{name}/config HTTP/1.1\r\nHost: {address}\r\nConnection: close");
        let body = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{config}", config.len());
        let (status, _, body) = exchange(address, format!("{head}\r\n{body}").as_bytes());
        assert_eq!(status, 201, "{body}");
    }

    /// Lines for the file that is copied.
    fn write(&mut self, numbers: Range<u32>) {
        let lines: String = numbers.map(|number| format!("copy {number}\n")).collect();
        self.read.write_all(lines.as_bytes()).unwrap();
    }

    /// Waits until all of these lines came out, and gives the workers that wrote them.
    #[track_caller]
    fn await_copied(&mut self, numbers: Range<u32>) -> BTreeSet<usize> {
        loop {
            let copied = |line: &str| line.strip_prefix("copy ").and_then(|number| number.parse::<u32>().ok());
            let all = self.heard.iter().filter_map(|(worker, line)| Some((copied(line)?, *worker)));
            let of_these: Vec<_> = all.filter(|(number, _)| numbers.contains(number)).collect();
            if of_these.iter().map(|(number, _)| number).collect::<BTreeSet<_>>().len() == numbers.len() {
                return of_these.into_iter().map(|(_, worker)| worker).collect();
            }
            self.hear(&format!("{numbers:?} copied"));
        }
    }

    #[track_caller]
    fn await_line(&mut self, worker: usize, part: &str) -> String {
        loop {
            let mut lines = self.heard.iter().filter(|(of, _)| *of == worker).map(|(_, line)| line);
            if let Some(line) = lines.find(|line| line.contains(part)) {
                return line.clone();
            }
            self.hear(&format!("{part} from {worker}"));
        }
    }

    #[track_caller]
    fn hear(&mut self, what: &str) {
        let Ok(said) = self.said.recv_timeout(PATIENCE) else {
            let lines: Vec<_> = self.heard.iter().map(|(worker, line)| format!("{worker} {line}")).collect();
            panic!("still not: {what}; the workers said:\n{}", lines[lines.len().saturating_sub(100)..].join("\n"));
        };
        self.heard.push(said);
    }

    /// The client ids of the group's members.
    #[track_caller]
    fn members(&self) -> Vec<String> {
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id(GROUP)]);
        let described = Connection::open(&self.broker).call(5, &request);
        let group = &described.groups[0];
        assert_eq!(group.protocol_type.to_string(), "connect");
        group.members.iter().map(|member| member.client_id.to_string()).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

#[test]
fn workers_of_connect_copy_a_file_and_one_goes_on_when_the_other_is_killed() {
    let Some(mut cluster) = Cluster::open() else { return };
    cluster.write(0..100);
    let first = cluster.start();
    let read = cluster.home.path().join("read");
    let source = json!({"connector.class": "FileStreamSource", "tasks.max": "1", "file": read, "topic": "copied"});
    cluster.connector(&first, "source", &source);
    cluster.await_line(0, "Starting task source-0");
    // A sink without a file writes to stdout.
    let sink = json!({"connector.class": "FileStreamSink", "tasks.max": "2", "topics": "copied"});
    cluster.connector(&first, "sink", &sink);
    cluster.await_copied(0..100);
    let second = cluster.start();
    cluster.await_line(1, "Starting task ");
    let members: BTreeSet<_> = cluster.members().into_iter().collect();
    assert_eq!(members, [&first, &second].map(|address| format!("connect-{address}")).into());
    cluster.write(100..200);
    cluster.await_copied(100..200);
    cluster.workers[0].kill().unwrap();
    cluster.workers[0].wait().unwrap();
    cluster.write(200..300);
    assert_eq!(cluster.await_copied(200..300), [1].into());
    assert_eq!(cluster.members(), [format!("connect-{second}")]);
}
