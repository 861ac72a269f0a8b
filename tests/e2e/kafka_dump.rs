//! Apache Kafka's `kafka-dump-log.sh` on files that we wrote: it finds nothing to complain about.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Broker, OTTLA};
use crate::tools::{available, kafka_tool, output_of};

const TOPIC: &str = "dumped";
const RECORDS_PER_ROUND: usize = 2_500;
const SEGMENT_BYTES: &str = "segment.bytes=1048576";
const DUMP: &str = "org.apache.kafka.tools.DumpLogSegments";

/// What the tool says of files that it doesn't like.
const COMPLAINTS: [&str; 9] = [
    "isvalid: false",
    "ismatch",
    "out of order",
    "isn't",
    "xception",
    "orrupt",
    "invalid bytes",
    "Could not",
    "is followed by",
];

/// Rounds of an idempotent producer each, with every codec, and a restart between them: clean or not.
#[test]
fn kafkas_dump_tool_accepts_our_files() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    if kafka_tool(DUMP).is_none() || !available(Path::new("kcat"), &["-V"]) {
        return;
    }
    create_topic(&broker);
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd", "none"];
    for (round, codec) in codecs.into_iter().enumerate() {
        produce(&broker, codec, round);
        match round % 2 {
            0 => broker.kill(),
            _ => drop(broker.stop()),
        }
        broker.start_again();
    }
    assert!(broker.stop().success());

    let dir = broker.data_dir().join(format!("{TOPIC}-0"));
    check_log(&dir, codecs.len() * RECORDS_PER_ROUND);
    check_indexes(&dir);
    check_snapshots(&dir);
    check_epochs(&fs::read_to_string(dir.join("leader-epoch-checkpoint")).unwrap());
}

fn create_topic(broker: &Broker) {
    let create = ["topic", "create", TOPIC, "--partitions", "1", "--config", SEGMENT_BYTES, "--bootstrap"];
    assert!(Command::new(OTTLA).args(create).arg(broker.bootstrap()).status().unwrap().success());
}

/// Lines without a pattern, so that they stay large when compressed.
fn produce(broker: &Broker, codec: &str, round: usize) {
    let mut state = round as u64 + 1;
    let mut lines = String::new();
    for line in 0..RECORDS_PER_ROUND {
        write!(lines, "{line}:").unwrap();
        for _ in 0..20 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(lines, "{state:016x}").unwrap();
        }
        lines.push('\n');
    }
    let mut kcat = Command::new("kcat");
    kcat.args(["-b", broker.bootstrap(), "-P", "-t", TOPIC, "-p", "0", "-z", codec, "-K", ":", "-H", "a=b"]);
    kcat.args(["-X", "enable.idempotence=true", "-X", "batch.num.messages=97"]);
    output_of(&mut kcat, lines.as_bytes());
}

fn check_log(dir: &Path, records: usize) {
    let logs = paths(dir, ".log");
    assert!(logs.len() > 3, "several segments: {logs:?}");
    let said = dump(&logs, &["--deep-iteration", "--print-data-log"]);
    assert_content(&said);
    let offsets: Vec<usize> =
        said.lines().filter_map(|line| line.strip_prefix("| offset: ")?.split(' ').next()?.parse().ok()).collect();
    assert_eq!(offsets, (0..records).collect::<Vec<_>>());
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        assert!(said.contains(&format!("compresscodec: {codec} ")), "no batch in {codec}");
    }
}

/// Once as Kafka checks them when it opens a log, once entry by entry against the log.
fn check_indexes(dir: &Path) {
    let indexes = [paths(dir, ".index"), paths(dir, ".timeindex")].concat();
    let sane = dump(&indexes, &["--index-sanity-check"]);
    assert_content(&sane);
    assert_eq!(sane.matches("passed sanity check").count(), indexes.len(), "{sane}");
    let entries = dump(&indexes, &[]);
    assert_content(&entries);
    assert!(entries.lines().filter(|line| line.starts_with("offset: ")).count() > indexes.len(), "{entries}");
    for index in &indexes {
        let entry_len = if index.extension().is_some_and(|extension| extension == "index") { 8 } else { 12 };
        assert_eq!(fs::metadata(index).unwrap().len() % entry_len, 0, "{}", index.display());
    }
    for (index, _) in paths(dir, ".timeindex").iter().zip(paths(dir, ".log")) {
        assert!(fs::metadata(index).unwrap().len() > 0, "{} has no last entry", index.display());
    }
}

fn check_snapshots(dir: &Path) {
    let snapshots = paths(dir, ".snapshot");
    let said = dump(&snapshots, &[]);
    assert_content(&said);
    assert_eq!(said.matches("Dumping ").count(), snapshots.len(), "{said}");
    let last = dump(&snapshots[snapshots.len() - 1..], &[]);
    let last_sequence = format!("lastSequence: {}", RECORDS_PER_ROUND - 1);
    assert_eq!(last.matches(&last_sequence).count(), 6, "a producer of each round: {last}");
}

/// Kafka's own format, as its `LeaderEpochCheckpointFile` reads it.
fn check_epochs(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "0");
    assert_eq!(lines[1], (lines.len() - 2).to_string());
    let pair = |line: &&str| -> (i32, i64) {
        let (epoch, offset) = line.split_once(' ').unwrap();
        (epoch.parse().unwrap(), offset.parse().unwrap())
    };
    let epochs: Vec<_> = lines[2..].iter().map(pair).collect();
    assert_eq!(epochs.len(), 6, "an epoch of each round: {text}");
    assert!(epochs.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{text}");
}

fn dump(files: &[PathBuf], options: &[&str]) -> String {
    let files: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    let mut command = kafka_tool(DUMP).expect("it was there");
    command.args(["--files", &files.join(",")]).args(options);
    let output = crate::tools::run(&mut command, b"");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// The tool takes the offset before the first one of a file for -1, whatever the file's name is: also in Kafka's own files.
fn assert_content(said: &str) {
    let is_complaint = |line: &&str| COMPLAINTS.iter().any(|word| line.contains(word));
    let mut complaints = said.lines().filter(|line| !line.trim().starts_with("-1 is followed by")).filter(is_complaint);
    assert_eq!(complaints.next(), None);
}

fn paths(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    paths.sort();
    paths
}
