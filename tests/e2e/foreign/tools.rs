//! Kafka's command line tools in every mode that needs no groups, one after the other in one JVM, and what they did.

use serde_json::{Value, json};

use super::clients::java_works;
use super::session::{Process, java};
use crate::harness::{Broker, unique};
use crate::raw::Connection;
use crate::tools::{kafka_tool, output_of};

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
const CONFIGS: &str = "kafka.admin.ConfigCommand";
const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";
const DELETE_RECORDS: &str = "org.apache.kafka.tools.DeleteRecordsCommand";
const LOG_DIRS: &str = "org.apache.kafka.tools.LogDirsCommand";
const API_VERSIONS: &str = "org.apache.kafka.tools.BrokerApiVersionsCommand";
const CLUSTER: &str = "org.apache.kafka.tools.ClusterTool";
const PRODUCER: &str = "org.apache.kafka.tools.ConsoleProducer";
const CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const VERIFIABLE: &str = "org.apache.kafka.tools.VerifiableProducer";
const PERFORMANCE: &str = "org.apache.kafka.tools.ProducerPerformance";
const CONSUMER_PERFORMANCE: &str = "org.apache.kafka.tools.ConsumerPerformance";
const DUMP: &str = "org.apache.kafka.tools.DumpLogSegments";

/// A JVM for tools, a broker, and a topic.
pub struct Workshop {
    tools: Process,
    pub broker: Broker,
    pub topic: String,
}

impl Workshop {
    /// None where Java is missing, or the tests run against a broker whose files are not here.
    pub fn open(partitions: i32) -> Option<Workshop> {
        if !java_works() {
            return None;
        }
        let broker = Broker::own(&[])?;
        let topic = unique("tools");
        Connection::open(&broker).create_topic(&topic, partitions);
        Some(Workshop { tools: Process::start(&mut java("Tools")), broker, topic })
    }

    /// What a tool said on stdout. It must end well. `TOPIC` stands for the topic.
    #[track_caller]
    fn run(&mut self, class: &str, args: &[&str], stdin: &str) -> String {
        let args: Vec<_> = args.iter().map(|arg| arg.replace("TOPIC", &self.topic)).collect();
        let answer = self.tools.call(&json!({"class": class, "args": args, "stdin": stdin}));
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        assert_eq!(answer["status"], Value::from(0), "{class} {args:?}: {}{}", text("stdout"), text("stderr"));
        text("stdout")
    }

    /// As [`Workshop::run`], with the broker's address.
    #[track_caller]
    pub fn ask(&mut self, class: &str, args: &[&str]) -> String {
        self.feed(class, args, "")
    }

    #[track_caller]
    pub fn feed(&mut self, class: &str, args: &[&str], stdin: &str) -> String {
        let bootstrap = self.broker.bootstrap().to_owned();
        self.run(class, &[args, &["--bootstrap-server", &bootstrap]].concat(), stdin)
    }

    /// A file of partition 0.
    fn file(&self, name: &str) -> String {
        let dir = self.broker.data_dir().join(format!("{}-0", self.topic));
        dir.join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn kafkas_tools_for_topics_and_configs_work() {
    let Some(mut shop) = Workshop::open(2) else { return };
    let created =
        shop.ask(TOPICS, &["--create", "--topic", "TOPIC-b", "--partitions", "3", "--config", "segment.bytes=2000000"]);
    assert!(created.contains(&format!("Created topic {}-b.", shop.topic)), "{created}");
    shop.ask(TOPICS, &["--create", "--topic", "TOPIC-b", "--if-not-exists"]);
    let listed = shop.ask(TOPICS, &["--list", "--exclude-internal"]);
    assert_eq!(listed.lines().collect::<Vec<_>>(), [shop.topic.clone(), format!("{}-b", shop.topic)]);
    let described = shop.ask(TOPICS, &["--describe", "--topic", "TOPIC-b"]);
    assert!(
        described.contains("PartitionCount: 3\tReplicationFactor: 1\tConfigs: segment.bytes=2000000"),
        "{described}"
    );
    assert_eq!(described.matches("Leader: 1\tReplicas: 1\tIsr: 1").count(), 3, "{described}");
    assert_eq!(shop.ask(TOPICS, &["--describe", "--topics-with-overrides"]).lines().count(), 1);
    for nothing in [
        "--under-replicated-partitions",
        "--unavailable-partitions",
        "--under-min-isr-partitions",
        "--at-min-isr-partitions",
    ] {
        let said = shop.ask(TOPICS, &["--describe", nothing]);
        // One replica of a minimum of one.
        assert_eq!(said.lines().count(), if nothing == "--at-min-isr-partitions" { 5 } else { 0 }, "{nothing}: {said}");
    }
    let entity = ["--entity-type", "topics", "--entity-name", "TOPIC-b"];
    let configs = |words: &[&'static str]| [words, &entity].concat();
    shop.ask(CONFIGS, &configs(&["--alter", "--add-config", "retention.ms=100000000,segment.bytes=3000000"]));
    shop.ask(CONFIGS, &configs(&["--alter", "--delete-config", "retention.ms"]));
    let said = shop.ask(CONFIGS, &configs(&["--describe"]));
    assert!(said.contains("segment.bytes=3000000") && !said.contains("retention.ms"), "{said}");
    let all = shop.ask(CONFIGS, &configs(&["--describe", "--all"]));
    assert!(
        all.contains("retention.ms=604800000") && all.contains("DYNAMIC_TOPIC_CONFIG:segment.bytes=3000000"),
        "{all}"
    );
    let broker = shop.ask(CONFIGS, &["--describe", "--entity-type", "brokers", "--entity-name", "1", "--all"]);
    assert!(broker.contains("num.partitions=1"), "{broker}");
    shop.ask(TOPICS, &["--delete", "--topic", "TOPIC-b"]);
    shop.ask(TOPICS, &["--delete", "--topic", "TOPIC-b", "--if-exists"]);
    assert_eq!(Connection::open(&shop.broker).topics(), [shop.topic.clone()]);
}

#[test]
fn kafkas_tools_for_the_cluster_work() {
    let Some(mut shop) = Workshop::open(1) else { return };
    let bootstrap = shop.broker.bootstrap().to_owned();
    let versions = shop.ask(API_VERSIONS, &[]);
    assert!(versions.contains(&bootstrap) && versions.contains("Produce(0): 0 to 13 [usable: 13]"), "{versions}");
    let id = shop.ask(CLUSTER, &["cluster-id"]);
    assert!(id.starts_with("Cluster ID: ") && id.trim().len() == "Cluster ID: ".len() + 22, "{id}");
    let endpoints = shop.ask(CLUSTER, &["list-endpoints"]);
    assert!(endpoints.contains(bootstrap.split_once(':').unwrap().1), "{endpoints}");
}

#[test]
fn kafkas_tools_that_produce_and_consume_work() {
    let Some(mut shop) = Workshop::open(1) else { return };
    let bootstrap = shop.broker.bootstrap().to_owned();
    let properties = ["parse.key=true", "key.separator=:", "parse.headers=true", "null.marker=NULL"];
    let properties = properties.iter().flat_map(|property| ["--reader-property", property]);
    let produce: Vec<_> =
        ["--topic", "TOPIC", "--compression-codec", "zstd", "--sync"].into_iter().chain(properties).collect();
    shop.feed(PRODUCER, &produce, "h:1,g:2\tk:v\nh:3\tk2:NULL\n");
    let printed = ["key", "headers", "offset", "partition"].map(|part| format!("print.{part}=true"));
    let mut consume = vec!["--topic", "TOPIC", "--partition", "0", "--max-messages", "2", "--timeout-ms", "30000"];
    consume.extend(printed.iter().flat_map(|property| ["--formatter-property", property.as_str()]));
    let all = shop.ask(CONSUMER, &[&consume[..], &["--offset", "earliest"]].concat());
    assert_eq!(all, "Partition:0\tOffset:0\th:1,g:2\tk\tv\nPartition:0\tOffset:1\th:3\tk2\tnull\n");
    consume[5] = "1";
    let second = shop.ask(CONSUMER, &[&consume[..], &["--offset", "1"]].concat());
    assert_eq!(second, "Partition:0\tOffset:1\th:3\tk2\tnull\n");
    // It sends the last of its records when its process ends.
    let mut verifiable = kafka_tool(VERIFIABLE).expect("Java works");
    verifiable.args(["--topic", &shop.topic, "--max-messages", "10", "--acks", "1", "--value-prefix", "7"]);
    let verified = output_of(verifiable.args(["--bootstrap-server", &bootstrap]), b"");
    let verified = String::from_utf8(verified).unwrap();
    assert!(verified.contains(r#""sent":10,"acked":10"#), "{verified}");
    consume[5] = "10";
    let values = shop.ask(CONSUMER, &[&consume[..], &["--offset", "2"]].concat());
    let values: Vec<_> = values.lines().filter_map(|line| line.rsplit('\t').next()).collect();
    assert_eq!(values, (0..10).map(|n| format!("7.{n}")).collect::<Vec<_>>());
    let server = format!("bootstrap.servers={bootstrap}");
    let sent = ["--topic", "TOPIC", "--num-records", "1000", "--record-size", "100", "--throughput", "-1"];
    let sent =
        shop.run(PERFORMANCE, &[&sent[..], &["--command-property", &server, "compression.type=lz4"]].concat(), "");
    assert!(sent.contains("1000 records sent"), "{sent}");
    assert_eq!(Connection::open(&shop.broker).latest_offset(&shop.topic, 0), Ok(1012));
    dump(&mut shop);
}

#[test]
fn kafkas_tool_measures_consumers_of_both_protocols() {
    let Some(mut shop) = Workshop::open(3) else { return };
    let sent = ["--topic", "TOPIC", "--num-records", "5000", "--record-size", "100", "--throughput", "-1"];
    let server = format!("bootstrap.servers={}", shop.broker.bootstrap());
    shop.run(PERFORMANCE, &[&sent[..], &["--command-property", &server]].concat(), "");
    for protocol in ["classic", "consumer"] {
        let read = ["--topic", "TOPIC", "--num-records", "5000", "--timeout", "30000", "--hide-header", "--group"];
        let group = format!("measured-{protocol}");
        let asked = format!("group.protocol={protocol}");
        let said = shop.ask(CONSUMER_PERFORMANCE, &[&read[..], &[&group, "--command-property", &asked]].concat());
        // Start, end, megabytes, megabytes a second, records, and times.
        let fields: Vec<_> = said.lines().last().unwrap_or_default().split(", ").collect();
        assert!(fields.len() > 5 && fields[4] == "5000", "{said}");
    }
}

/// The modes of kafka-dump-log that `kafka_dump.rs` does not use.
fn dump(shop: &mut Workshop) {
    let (log, index) = (shop.file("00000000000000000000.log"), shop.file("00000000000000000000.index"));
    let batches = shop.run(DUMP, &["--files", &log], "");
    assert!(batches.contains("baseOffset: 0 lastOffset: ") && !batches.contains("| offset"), "{batches}");
    let bare = shop.run(DUMP, &["--files", &log, "--print-data-log", "--skip-record-metadata"], "");
    assert!(bare.contains("payload: v") && !bare.contains("| offset: 0"), "{bare}");
    let first = shop.run(DUMP, &["--files", &log, "--print-data-log", "--max-bytes", "200"], "");
    assert!(first.contains("payload: v") && !first.contains("payload: 7.9"), "{first}");
    let verified = shop.run(DUMP, &["--files", &index, "--verify-index-only"], "");
    assert!(!verified.contains("ismatch"), "{verified}");
}

#[test]
fn kafkas_tools_for_offsets_work() {
    let Some(mut shop) = Workshop::open(2) else { return };
    shop.feed(PRODUCER, &["--topic", "TOPIC", "--sync"], &"x\n".repeat(10));
    let mut connection = Connection::open(&shop.broker);
    let ends = [0, 1].map(|partition| connection.latest_offset(&shop.topic, partition).unwrap());
    let full = usize::from(ends[1] > ends[0]);
    let (end, full) = (ends[full], full.to_string());
    assert!(end >= 5);
    // The tool leaves out a partition that has no such offset.
    for (time, offset) in [
        ("latest", Some(end)),
        ("-1", Some(end)),
        ("earliest", Some(0)),
        ("-2", Some(0)),
        ("max-timestamp", Some(end - 1)),
        ("-3", Some(end - 1)),
        ("earliest-local", Some(0)),
        ("-4", Some(0)),
        ("latest-tiered", None),
        ("-5", None),
        ("1000", Some(0)),
    ] {
        let said = shop.ask(OFFSETS, &["--topic", "TOPIC", "--partitions", &full, "--time", time]);
        let expected = offset.map(|offset| format!("{}:{full}:{offset}", shop.topic));
        assert_eq!(said.lines().next().map(str::to_owned), expected, "{time}: {said}");
    }
    let said = shop.ask(OFFSETS, &["--topic-partitions", "TOPIC:0-2"]);
    assert_eq!(said.lines().count(), 2, "{said}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let wanted = json!({"version": 1, "partitions": [{"topic": shop.topic, "partition": full.parse::<i32>().unwrap(), "offset": 3}]});
    std::fs::write(file.path(), wanted.to_string()).unwrap();
    let said = shop.ask(DELETE_RECORDS, &["--offset-json-file", file.path().to_str().unwrap()]);
    assert!(said.contains("low_watermark: 3"), "{said}");
    assert_eq!(connection.earliest_offset(&shop.topic, full.parse().unwrap()), Ok(3));
}

#[test]
fn kafkas_tool_adds_partitions() {
    let Some(mut shop) = Workshop::open(2) else { return };
    shop.ask(TOPICS, &["--alter", "--topic", "TOPIC", "--partitions", "4"]);
    assert_eq!(Connection::open(&shop.broker).latest_offset(&shop.topic, 3), Ok(0));
}

#[test]
fn kafkas_tool_for_log_directories_works() {
    let Some(mut shop) = Workshop::open(1) else { return };
    shop.feed(PRODUCER, &["--topic", "TOPIC", "--sync"], "x\n");
    let said = shop.ask(LOG_DIRS, &["--describe", "--topic-list", "TOPIC"]);
    let line = said.lines().last().unwrap();
    let described: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{said}: {error}"));
    let partition = &described["brokers"][0]["logDirs"][0]["partitions"][0];
    assert_eq!(partition["partition"], json!(format!("{}-0", shop.topic)), "{said}");
    assert_eq!(
        partition["size"],
        json!(std::fs::metadata(shop.file("00000000000000000000.log")).unwrap().len()),
        "{said}"
    );
}
