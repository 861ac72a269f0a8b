//! The calls that people make every day beside producing and consuming, each by each client that has it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::clients::Client;
use super::session::{Reply, Session};
use super::table::{Table, compare_with_docs};
use crate::batch::{self, Identity, Record};
use crate::harness::{Broker, unique};
use crate::raw::Connection;

/// What is called, as the document names it, in the order of the calls.
const CALLS: [(&str, &str); 14] = [
    ("create_topic", "create a topic, with a config"),
    ("list_topics", "list topics"),
    ("describe_topic", "describe a topic"),
    ("brokers", "describe the cluster"),
    ("describe_config", "describe configs"),
    ("alter_config", "alter configs"),
    ("create_partitions", "create partitions"),
    ("offsets", "earliest and latest offsets"),
    ("offset_for_time", "offset for a time"),
    ("later than all", "offset for a time after all records"),
    ("delete_records", "delete records"),
    ("tail", "wait for records with one consumer"),
    ("delete_topic", "delete a topic"),
    ("auto_create", "produce to a topic that is not there yet"),
];

type Outcomes = BTreeMap<&'static str, Option<String>>;

#[test]
fn everyday_calls_of_each_client_do_what_they_say() {
    let broker = Broker::start();
    let clients = Client::all_available();
    let broker = &broker;
    let outcomes: Vec<Outcomes> = thread::scope(|scope| {
        let threads: Vec<_> =
            clients.iter().map(|&client| scope.spawn(move || Everyday::new(broker, client).run())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|why| std::panic::resume_unwind(why))).collect()
    });
    let mut table = Table::new("call", &clients);
    for (call, name) in CALLS {
        table.row(name, outcomes.iter().map(|outcomes| outcomes[call].clone()));
    }
    eprint!("{table}");
    compare_with_docs("calls", &table);
}

struct Everyday<'a> {
    broker: &'a Broker,
    client: Client,
    session: Session,
    topic: String,
    outcomes: Outcomes,
}

impl Everyday<'_> {
    fn new(broker: &Broker, client: Client) -> Everyday<'_> {
        let topic = unique(&format!("everyday-{client:?}"));
        Everyday {
            broker,
            client,
            session: Session::start(client, broker.bootstrap()),
            topic,
            outcomes: BTreeMap::new(),
        }
    }

    fn run(mut self) -> Outcomes {
        self.topics();
        self.configs();
        self.partitions();
        self.offsets();
        self.tail();
        self.goes_and_comes();
        self.outcomes
    }

    /// Does a call, about the topic unless it is about the cluster. None where the client has none.
    fn call(&mut self, call: &'static str, fields: Value) -> Option<Value> {
        let op = if call == "later than all" { "offset_for_time" } else { call };
        let of_cluster = matches!(call, "list_topics" | "brokers");
        let mut job = if of_cluster { json!({"op": op}) } else { json!({"op": op, "topic": self.topic}) };
        job.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        match self.session.call(&job) {
            Reply::Unsupported(why) => {
                self.outcomes.insert(call, Some(why));
                None
            }
            reply => {
                self.outcomes.insert(call, None);
                Some(reply.ok(&format!("{} does {job}", self.client.name())))
            }
        }
    }

    /// As [`Everyday::call`]; what it returns where the client has the call.
    fn expect(&mut self, call: &'static str, fields: Value, expected: Value) {
        if let Some(found) = self.call(call, fields) {
            assert_eq!(found, expected, "{} does {call}", self.client.name());
        }
    }

    fn topics(&mut self) {
        let config = json!({"segment.bytes": "2000000"});
        if self.call("create_topic", json!({"partitions": 3, "configs": config})).is_none() {
            Connection::open(self.broker).create_topic_with(&self.topic, 3, &[("segment.bytes", "2000000")]);
        }
        if let Some(names) = self.call("list_topics", json!({})) {
            let names = names.as_array().unwrap();
            assert!(names.contains(&json!(self.topic)), "{} sees {names:?}", self.client.name());
        }
        self.expect("describe_topic", json!({}), json!(3));
        self.expect("brokers", json!({}), json!(1));
    }

    fn configs(&mut self) {
        let key = json!({"key": "segment.bytes"});
        self.expect("describe_config", key.clone(), json!("2000000"));
        if self.call("alter_config", json!({"key": "segment.bytes", "value": "3000000"})).is_some() {
            self.expect("describe_config", key, json!("3000000"));
        }
    }

    fn partitions(&mut self) {
        if self.call("create_partitions", json!({"total": 4})).is_some() {
            self.expect("describe_topic", json!({}), json!(4));
        }
    }

    fn offsets(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
        let mut connection = Connection::open(self.broker);
        for n in 0..5 {
            let batch = batch::at(now - 10_000 + n * 1000, &batch::encode(Identity::NONE, &[Record::of("x")]));
            connection.produce(&self.topic, 0, batch).unwrap();
        }
        self.expect("offsets", json!({"partition": 0}), json!([0, 5]));
        self.expect("offset_for_time", json!({"partition": 0, "timestamp": now - 8500}), json!(2));
        let later = self.call("later than all", json!({"partition": 0, "timestamp": now + 3_600_000}));
        // Some give the end instead of nothing.
        assert!(later.is_none_or(|found| found == json!(-1) || found == json!(5)), "{}", self.client.name());
        if self.call("delete_records", json!({"partition": 0, "before": 2})).is_some() {
            self.expect("offsets", json!({"partition": 0}), json!([2, 5]));
        } else {
            let earliest = connection.earliest_offset(&self.topic, 0);
            assert_eq!(earliest, Ok(0));
        }
    }

    /// One consumer goes on while records come now here, now there: most fetches of a session have nothing to say of most
    /// partitions (KIP-227).
    fn tail(&mut self) {
        const ROUNDS: i64 = 30;
        let mut connection = Connection::open(self.broker);
        let there: i64 = (0..3)
            .map(|partition| {
                connection.latest_offset(&self.topic, partition).unwrap()
                    - connection.earliest_offset(&self.topic, partition).unwrap()
            })
            .sum();
        let topic = self.topic.clone();
        let lines = thread::scope(|scope| {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let batch = batch::encode(Identity::NONE, &[Record::of(format!("round {round}"))]);
                    connection.produce(&topic, (round % 3) as i32, batch).unwrap();
                }
            });
            self.call("tail", json!({"partitions": 3, "count": there + ROUNDS}))
        });
        let Some(lines) = lines else { return };
        let mut found: Vec<_> = lines
            .as_array()
            .unwrap()
            .iter()
            .map(|line| (line["partition"].as_i64(), line["offset"].as_i64()))
            .collect();
        let read = found.len();
        found.sort_unstable();
        found.dedup();
        assert_eq!((found.len(), read as i64), (read, there + ROUNDS), "{}", self.client.name());
    }

    fn goes_and_comes(&mut self) {
        if self.call("delete_topic", json!({})).is_some() {
            assert!(!Connection::open(self.broker).topics().contains(&self.topic), "{}", self.client.name());
        }
        let created = unique("created");
        let record = json!({"partition": 0, "timestamp": null, "key": "YQ==", "value": "YQ==", "headers": []});
        let job = json!({"op": "produce", "topic": created, "codec": "none", "acks": "all", "idempotent": true, "records": [record]});
        let why = match self.session.call(&job) {
            Reply::Unsupported(why) => Some(why),
            reply => {
                reply.ok(&format!("{} writes to a topic that is not there", self.client.name()));
                assert_eq!(Connection::open(self.broker).latest_offset(&created, 0), Ok(1));
                None
            }
        };
        self.outcomes.insert("auto_create", why);
    }
}
