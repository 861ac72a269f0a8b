//! Frames, headers and bodies that no honest client sends. Each test sends the bytes and asserts the answer or the close,
//! and each scene ends with the same four assertions: the broker lives, nothing was stored, no topic came or went, and a
//! well-behaved client beside it saw no error.

mod bodies;
mod frames;
mod neighbour;
mod offsets;
mod produce;
mod records;
mod sasl;
mod strings;
mod topics;

use crate::batch::{self, Identity, Record};
use crate::calls::{PRODUCE, produce_request};
use crate::harness::{Broker, unique};
use crate::raw::{Connection, framed, sized};
pub use neighbour::Neighbour;

const PRODUCE_KEY: i16 = 0;
const FETCH_KEY: i16 = 1;
const METADATA_KEY: i16 = 3;
const API_VERSIONS_KEY: i16 = 18;

/// A broker, a topic that must stay empty, and a well-behaved client at work.
struct Scene {
    broker: Broker,
    topic: String,
    topics: Vec<String>,
    neighbour: Neighbour,
}

impl Scene {
    fn start() -> Scene {
        Scene::around(Broker::start())
    }

    fn around(broker: Broker) -> Scene {
        let topic = unique("stays-empty");
        let mut connection = Connection::open(&broker);
        connection.create_topic(&topic, 1);
        let neighbour = Neighbour::start(&broker);
        let topics = connection.topics();
        Scene { broker, topic, topics, neighbour }
    }

    /// One more topic, of one partition, that may get records.
    fn create_topic(&mut self, configs: &[(&str, &str)]) -> String {
        let topic = unique("beside");
        Connection::open(&self.broker).create_topic_with(&topic, 1, configs);
        self.topics.push(topic.clone());
        self.topics.sort();
        topic
    }

    /// Sends `bytes` and expects the broker to close without an answer.
    fn closes(&self, what: &str, bytes: &[u8]) {
        let mut connection = Connection::open(&self.broker);
        // The broker may close before it has read all; that is as good a close.
        let _ = connection.send(bytes);
        assert_eq!(connection.frame(), None, "{what}: the broker answered");
    }

    fn end(mut self) {
        self.neighbour.finish();
        let mut connection = Connection::open(&self.broker);
        assert_eq!(connection.latest_offset(&self.topic, 0), Ok(0), "something was stored");
        if self.broker.is_ours() {
            assert_eq!(connection.topics(), self.topics);
        }
        self.broker.assert_alive();
    }
}

/// Key, version, correlation id and client id: request header version 1.
fn header(api_key: i16, version: i16, client_id: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(api_key.to_be_bytes());
    bytes.extend(version.to_be_bytes());
    bytes.extend(7_i32.to_be_bytes());
    bytes.extend(client_id.map_or(-1, |id| i16::try_from(id.len()).unwrap()).to_be_bytes());
    bytes.extend_from_slice(client_id.unwrap_or_default());
    bytes
}

/// Request header version 2: with no tagged fields.
fn flexible_header(api_key: i16, version: i16) -> Vec<u8> {
    [header(api_key, version, Some(b"bad")), vec![0]].concat()
}

fn frame(header: Vec<u8>, body: &[u8]) -> Vec<u8> {
    sized(&[&header, body].concat())
}

/// A good request, for a topic that must stay empty.
fn whole_produce(topic: &str) -> Vec<u8> {
    let batch = batch::encode(Identity::NONE, &[Record::of("never stored")]);
    framed(PRODUCE, 7, &produce_request(topic, 0, batch))
}
