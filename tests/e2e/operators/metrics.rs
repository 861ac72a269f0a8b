//! The figures are those of what was done.

use std::path::Path;

use super::exposition::Exposition;
use super::http::{get, observed};
use super::small_batch;
use crate::harness::unique;
use crate::raw::Connection;

fn scrape(address: &str) -> Exposition {
    let (status, text) = get(address, "/metrics");
    assert_eq!(status, 200);
    Exposition::parse(&text)
}

#[test]
fn metrics_count_what_was_done() {
    let Some((broker, address)) = observed(&["--durable"]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("counted");
    connection.create_topic(&topic, 2);
    let batch = small_batch();
    for offset in 0..10 {
        assert_eq!(connection.produce(&topic, 1, batch.clone()), Ok(offset));
    }
    let fetched = connection.fetch_all(&topic, 1);
    assert!(connection.produce("no-such-topic", 0, small_batch()).is_err());

    let scraped = scrape(&address);
    let one = [("topic", topic.as_str()), ("partition", "1")];
    let of = |name: &str| scraped.value(&format!("ottla_partition_{name}"), &one);
    assert_eq!(of("batches_in_total"), Some(10.0));
    assert_eq!(of("records_in_total"), of("log_end_offset"));
    assert_eq!(of("bytes_in_total"), Some((batch.len() * 10) as f64));
    assert_eq!(of("log_size_bytes"), of("bytes_in_total"));
    assert!(of("bytes_out_total") >= Some(fetched.len() as f64), "{:?} of {}", of("bytes_out_total"), fetched.len());
    assert_eq!(
        (of("high_watermark"), of("log_start_offset"), of("segments")),
        (of("log_end_offset"), Some(0.0), Some(1.0))
    );
    let idle = scraped.value("ottla_partition_batches_in_total", &[("topic", topic.as_str()), ("partition", "0")]);
    assert_eq!(idle, Some(0.0));
    assert_eq!(scraped.value("ottla_topic_bytes_in_total", &[("topic", topic.as_str())]), of("bytes_in_total"));

    let produce = [("api", "Produce")];
    assert_eq!(scraped.value("ottla_requests_total", &produce), Some(11.0));
    assert_eq!(scraped.value("ottla_request_seconds_count", &produce), Some(11.0));
    let unknown = [("api", "Produce"), ("error", "UNKNOWN_TOPIC_OR_PARTITION")];
    assert_eq!(scraped.value("ottla_errors_total", &unknown), Some(1.0));
    assert!(scraped.value("ottla_response_bytes_total", &[("api", "Fetch")]) >= Some(fetched.len() as f64));
    assert_eq!(scraped.sum("ottla_loop_frames_total"), scraped.sum("ottla_requests_total"));
    assert_eq!(scraped.sum("ottla_loop_connections"), 1.0);
    assert!(scraped.value("ottla_log_flush_seconds_count", &[]) >= Some(1.0), "--durable syncs");
    assert!(scraped.value("process_resident_memory_bytes", &[]) > Some(1e6));
    assert!(scraped.value("ottla_disk_available_bytes", &[]) > Some(0.0));
}

#[test]
fn a_fetch_that_waits_is_seen_waiting() {
    let Some((broker, address)) = observed(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("waited");
    connection.create_topic(&topic, 1);
    let mut request = crate::calls::fetch_request(&topic, 0, 0, 1 << 20);
    (request.max_wait_ms, request.min_bytes) = (600_000, 1);
    connection.send(&crate::raw::framed(crate::calls::FETCH, 7, &request)).unwrap();
    let waiting = || scrape(&address).value("ottla_requests_waiting", &[("api", "Fetch")]);
    let deadline = std::time::Instant::now() + crate::harness::PATIENCE;
    while waiting() != Some(1.0) {
        assert!(std::time::Instant::now() < deadline, "{:?}", waiting());
    }
    Connection::open(&broker).produce(&topic, 0, small_batch()).unwrap();
    connection.frame().expect("the fetch is answered");
    assert_eq!(waiting(), Some(0.0));
}

#[test]
fn fetches_of_a_session_are_counted_and_seen_waiting() {
    let Some((broker, address)) = observed(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("session-counted");
    connection.create_topic(&topic, 1);
    let mut request = crate::calls::fetch_request(&topic, 0, 0, 1 << 20);
    (request.max_wait_ms, request.session_epoch) = (0, 0);
    request.session_id = connection.call(crate::calls::FETCH, &request).session_id;
    assert_ne!(request.session_id, 0, "a session");
    request.topics.clear();
    (request.max_wait_ms, request.min_bytes, request.session_epoch) = (600_000, 1, 1);
    connection.send(&crate::raw::framed(crate::calls::FETCH, 7, &request)).unwrap();
    let waiting = || scrape(&address).value("ottla_requests_waiting", &[("api", "Fetch")]);
    let deadline = std::time::Instant::now() + crate::harness::PATIENCE;
    while waiting() != Some(1.0) {
        assert!(std::time::Instant::now() < deadline, "{:?}", waiting());
    }
    let batch = small_batch();
    Connection::open(&broker).produce(&topic, 0, batch.clone()).unwrap();
    connection.frame().expect("the fetch is answered");
    assert_eq!(waiting(), Some(0.0));
    let partition = [("topic", topic.as_str()), ("partition", "0")];
    assert_eq!(scrape(&address).value("ottla_partition_bytes_out_total", &partition), Some(batch.len() as f64));
}

#[test]
fn with_many_partitions_only_topics_are_told() {
    let Some((broker, address)) = observed(&["--metrics-partitions", "3"]) else { return };
    let mut connection = Connection::open(&broker);
    connection.create_topic("small", 3);
    assert_eq!(scrape(&address).value("ottla_partition_segments", &[("partition", "2")]), Some(1.0));
    connection.create_topic("one-more", 1);
    let scraped = scrape(&address);
    assert!(!scraped.metrics.contains_key("ottla_partition_segments"));
    assert_eq!(scraped.value("ottla_topic_log_size_bytes", &[("topic", "small")]), Some(0.0));
    assert_eq!(scraped.value("ottla_partitions", &[]), Some(4.0));
}

#[test]
fn every_metric_is_in_the_document_and_no_other() {
    let Some((broker, address)) = observed(&[]) else { return };
    Connection::open(&broker).create_topic("t", 1);
    let metrics = scrape(&address).metrics;
    let expected: String =
        metrics.iter().map(|(name, (kind, help))| format!("| `{name}` | {kind} | {help} |\n")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let document = std::fs::read_to_string(path).unwrap();
    let told: String =
        document.lines().filter(|line| line.starts_with("| `")).map(|line| format!("{line}\n")).collect();
    assert!(told == expected, "docs/metrics.md should have these lines:\n{expected}");
}
