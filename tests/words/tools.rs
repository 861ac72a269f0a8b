//! Kafka's tools, run against both with the commands of `tools/*.txt`.
//!
//! One command on a line, without `kafka-` before the tool's name. `$B` is `--bootstrap-server` with the address, `$ADDRESS`
//! the address alone, `$DATA` the directory with the logs. Single quotes keep spaces together. `<< text` at the end is what
//! the tool reads, with `\n` for ends of lines. `unordered` before a command: its lines may come in any order,
//! and so may the names of a list in brackets.
//! `file NAME TEXT` writes a file that is `$FILES/NAME` afterwards. Lines that begin with `#` are comments.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::compare::Verdict;
use crate::driver::Driver;
use crate::harness::Broker;
use crate::kafka::Kafka;
use crate::normal::{self, Words};
use crate::subject::Subject;

const LISTS: &[(&str, &str)] = &[
    ("topics", include_str!("tools/topics.txt")),
    ("configs", include_str!("tools/configs.txt")),
    ("records", include_str!("tools/records.txt")),
    ("cluster", include_str!("tools/cluster.txt")),
    ("groups", include_str!("tools/groups.txt")),
];

/// The name of a tool's script without `kafka-`, and its class.
const TOOLS: &[(&str, &str)] = &[
    ("acls", "org.apache.kafka.tools.AclCommand"),
    ("broker-api-versions", "org.apache.kafka.tools.BrokerApiVersionsCommand"),
    ("client-metrics", "org.apache.kafka.tools.ClientMetricsCommand"),
    ("cluster", "org.apache.kafka.tools.ClusterTool"),
    ("configs", "kafka.admin.ConfigCommand"),
    ("console-consumer", "org.apache.kafka.tools.consumer.ConsoleConsumer"),
    ("console-producer", "org.apache.kafka.tools.ConsoleProducer"),
    ("consumer-groups", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
    ("delete-records", "org.apache.kafka.tools.DeleteRecordsCommand"),
    ("dump-log", "org.apache.kafka.tools.DumpLogSegments"),
    ("features", "org.apache.kafka.tools.FeatureCommand"),
    ("get-offsets", "org.apache.kafka.tools.GetOffsetShell"),
    ("groups", "org.apache.kafka.tools.GroupsCommand"),
    ("leader-election", "org.apache.kafka.tools.LeaderElectionCommand"),
    ("log-dirs", "org.apache.kafka.tools.LogDirsCommand"),
    ("metadata-quorum", "org.apache.kafka.tools.MetadataQuorumCommand"),
    ("producer-perf-test", "org.apache.kafka.tools.ProducerPerformance"),
    ("reassign-partitions", "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"),
    ("topics", "org.apache.kafka.tools.TopicCommand"),
    ("transactions", "org.apache.kafka.tools.TransactionsCommand"),
    ("verifiable-consumer", "org.apache.kafka.tools.VerifiableConsumer"),
    ("verifiable-producer", "org.apache.kafka.tools.VerifiableProducer"),
];

/// Commands that take longer are named: the test has minutes for hundreds.
const SLOW: Duration = Duration::from_secs(3);

/// A line of a list.
struct Command {
    list: &'static str,
    line: &'static str,
}

/// A broker with its own JVM of tools and its own files.
struct Side {
    subject: Subject,
    driver: Driver,
    /// What `$…` in a command stands for.
    places: Vec<(&'static str, String)>,
    own: Words,
    files: TempDir,
}

/// Runs all lists against both, side by side.
pub fn compare(kafka: &Kafka, ottla: &Broker, verdict: &mut Verdict) {
    let commands: Vec<Command> =
        commands().filter(|command| command.line.starts_with("file ") || verdict.wants(&command.case())).collect();
    let sides = [(kafka.address().to_owned(), kafka.data_dir()), (ottla.bootstrap().to_owned(), ottla.data_dir())];
    let commands_ref = &commands;
    let said = std::thread::scope(|scope| {
        let runs = sides.map(|(address, data)| scope.spawn(move || Side::of(&address, &data).runs(commands_ref)));
        runs.map(|run| run.join().expect("no command fails the test itself"))
    });
    for ((command, kafka), ottla) in commands.iter().zip(&said[0]).zip(&said[1]) {
        if !command.line.starts_with("file ") {
            verdict.judge(&command.case(), kafka, ottla);
        }
    }
}

fn commands() -> impl Iterator<Item = Command> {
    LISTS.iter().flat_map(|&(list, text)| {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(move |line| Command { list, line })
    })
}

impl Command {
    fn case(&self) -> String {
        format!("tools/{}: {}", self.list, self.line)
    }
}

impl Side {
    fn of(address: &str, data: &Path) -> Side {
        let subject = Subject::new(address, data);
        let files = tempfile::tempdir().unwrap();
        let (files_path, data) = (files.path().display().to_string(), data.display().to_string());
        let port = address.rsplit(':').next().expect("an address has a port").to_owned();
        let own = vec![
            (data.clone(), "DATA"),
            (files_path.clone(), "FILES"),
            (address.to_owned(), "ADDRESS"),
            (subject.cluster(), "CLUSTER"),
            (port, "PORT"),
        ];
        let places = vec![
            ("$B", format!("--bootstrap-server {address}")),
            ("$ADDRESS", address.to_owned()),
            ("$DATA", data),
            ("$FILES", files_path),
        ];
        let driver = Driver::start().expect("Kafka runs, so there is Java");
        Side { subject, driver, places, own: Words(own), files }
    }

    fn runs(&mut self, commands: &[Command]) -> Vec<String> {
        commands.iter().map(|command| self.run(command.line)).collect()
    }

    fn run(&mut self, line: &str) -> String {
        if let Some(file) = line.strip_prefix("file ") {
            let (name, text) = file.split_once(' ').expect("a file has a name and a text");
            std::fs::write(self.files.path().join(name), text.replace("\\n", "\n")).unwrap();
            return String::new();
        }
        let (line, unordered) = line.strip_prefix("unordered ").map_or((line, false), |line| (line, true));
        let (command, input) = line.split_once(" << ").unwrap_or((line, ""));
        let command =
            self.places.iter().rev().fold(command.to_owned(), |text, (name, place)| text.replace(name, place));
        let words = words(&command);
        let class =
            TOOLS.iter().find(|(name, _)| *name == words[0]).unwrap_or_else(|| panic!("no tool {}", words[0])).1;
        let began = Instant::now();
        let ended = self.driver.run(class, &words[1..], &input.replace("\\n", "\n"));
        if began.elapsed() > SLOW {
            eprintln!("{:?} of {}: {line}", began.elapsed(), self.subject.address());
        }
        self.subject.settle();
        let clean = |text: &str| {
            let text = normal::tool(&self.own.replace(text));
            if unordered { sorted(&text) } else { text }
        };
        format!("exit {}\n{}\nstderr:\n{}", ended.status, clean(&ended.stdout), clean(&ended.stderr))
    }
}

fn sorted(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(with_sorted_list).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// `deleted ('b', 'a').` as `deleted ('a', 'b').`
fn with_sorted_list(line: &str) -> String {
    let list = line.split_once('(').and_then(|(head, rest)| Some((head, rest.split_once(')')?)));
    let Some((head, (list, tail))) = list else { return line.to_owned() };
    let mut names: Vec<&str> = list.split(", ").collect();
    names.sort_unstable();
    format!("{head}({}){tail}", names.join(", "))
}

/// The words of a command; single quotes keep spaces.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in command.trim().chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(letter),
        }
    }
    words
}
