//! The same words: Apache Kafka 4.3.1 and Ottla are started side by side with the same settings and are told the same things,
//! by Kafka's own command line tools ([`tools`]) and by requests made by hand ([`requests`]). What they answer must be the
//! same after ids, addresses and times are made equal ([`normal`]), or differ in a way that `differences.txt` lists with
//! its reason. A listed difference that is none any more fails the test too.
//!
//! [`connect`] replays what web consoles ask when they connect, to Ottla alone.
//!
//! - Java and `target/foreign/kafka/libs` are needed; `tests/foreign/setup.sh` fetches them. Without them the comparison is
//!   skipped, with `CI=true` it fails.
//! - `OTTLA_WORDS=FILTER` runs only what has FILTER in its name, and then complains of no stale difference.
//! - `OTTLA_WORDS_LIST=1` prints all differences as they are found, listed ones too.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "the tests are the outside world: they open files, sockets and clocks themselves"
)]

#[allow(dead_code, reason = "shared with the end-to-end tests, each of the two uses its part")]
#[path = "../e2e/batch.rs"]
mod batch;
#[allow(dead_code, reason = "shared with the end-to-end tests, each of the two uses its part")]
#[path = "../e2e/harness.rs"]
mod harness;

mod ask;
mod compare;
mod connect;
mod differences;
mod driver;
mod kafka;
mod normal;
mod requests;
mod subject;
mod tools;

use compare::Verdict;
use kafka::Kafka;
use subject::Subject;

const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/words/server.properties");

/// The binary under test with the settings of both.
fn ottla() -> Option<harness::Broker> {
    harness::Broker::own(&["--config", SETTINGS])
}

#[test]
fn kafka_and_ottla_answer_the_same_requests_alike() {
    let (Some(kafka), Some(ottla)) = (Kafka::start(), ottla()) else { return };
    let of_kafka = Subject::new(kafka.address(), &kafka.data_dir());
    let mut subjects = (of_kafka, Subject::new(ottla.bootstrap(), &ottla.data_dir()));
    let mut verdict = Verdict::new("requests");
    for family in requests::FAMILIES {
        requests::compare(family, &mut subjects, &mut verdict);
    }
    verdict.finish();
}

#[test]
fn kafkas_tools_say_the_same_of_kafka_and_of_ottla() {
    let (Some(kafka), Some(ottla)) = (Kafka::start(), ottla()) else { return };
    let mut verdict = Verdict::new("tools");
    tools::compare(&kafka, &ottla, &mut verdict);
    verdict.finish();
}
