//! How far a group is behind, by the tools of others and by our own: all tell the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clients::Client;
use super::session::Session;
use super::tools::Workshop;
use crate::batch::{self, Identity, Record};
use crate::cli::{json_lines, ottla};
use crate::groups::member::Member;
use crate::harness::unique;
use crate::raw::Connection;
use crate::tools::output_of;

const CONSUMER_GROUPS: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";

/// The lag of each partition, None where a tool tells none.
type Lags = BTreeMap<i64, Option<i64>>;

fn by_ottla(shop: &Workshop, group: &str) -> Lags {
    let lines = json_lines(&output_of(&mut ottla(&shop.broker, &["group", "lag", group, "--json"]), b""));
    lines.iter().map(|line| (line["partition"].as_i64().unwrap(), line["lag"].as_i64())).collect()
}

fn by_kafka(shop: &mut Workshop, group: &str) -> Lags {
    let said = shop.ask(CONSUMER_GROUPS, &["--describe", "--group", group]);
    let mut lines =
        said.lines().filter(|line| !line.is_empty()).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let head = lines.find(|words| words.contains(&"LAG")).unwrap_or_else(|| panic!("{said}"));
    let column = |name: &str| head.iter().position(|word| *word == name).unwrap();
    lines.map(|words| (words[column("PARTITION")].parse().unwrap(), words[column("LAG")].parse().ok())).collect()
}

fn by_go(go: &mut Session, op: &str, group: &str) -> Lags {
    let rows = go.call(&json!({"op": op, "group": group})).ok(op);
    let row = |row: &Value| (row[1].as_i64().unwrap(), row[2].as_i64().filter(|lag| *lag >= 0));
    rows.as_array().unwrap().iter().map(row).collect()
}

/// An assignment of all partitions as members read it.
fn assignment(topic: &str) -> String {
    let length = char::from(u8::try_from(topic.len()).unwrap());
    format!("\0\0\0\0\0\x01\0{length}{topic}\0\0\0\x04{}\0\0\0\0", "\0\0\0\0\0\0\0\x01\0\0\0\x02\0\0\0\x03")
}

#[test]
fn all_tools_tell_the_same_lag() {
    let Some(mut shop) = Workshop::open(4).filter(|_| Client::FranzGo.works()) else { return };
    let (topic, group) = (shop.topic.clone(), unique("behind"));
    let mut connection = Connection::open(&shop.broker);
    for (partition, count) in [(0, 10), (1, 10), (2, 25), (3, 5)] {
        let records: Vec<_> = (0..count).map(|n| Record::of(n.to_string())).collect();
        connection.produce(&topic, partition, batch::encode(Identity::NONE, &records)).unwrap();
    }
    let mut member = Member::open(&shop.broker, &group);
    for (partition, position) in [(0, 3), (1, 10), (2, 0)] {
        assert_eq!(member.commit(&topic, partition, position), "None");
    }
    let mut go = Session::start(Client::FranzGo, shop.broker.bootstrap());
    let known = Lags::from([(0, Some(7)), (1, Some(0)), (2, Some(25))]);
    let with = |lag| known.iter().map(|(partition, lag)| (*partition, *lag)).chain([(3, lag)]).collect::<Lags>();
    let (all, to_read) = (with(None), with(Some(5)));
    assert_eq!(by_ottla(&shop, &group), known);
    assert_eq!(by_kafka(&mut shop, &group), known);
    assert_eq!(by_go(&mut go, "lag_of_exporter", &group), all);
    // Kadm says of a partition without a position that all of it is to be read yet.
    assert_eq!(by_go(&mut go, "lag", &group), to_read);

    // To the others it is a partition of the group when somebody reads it.
    member.join();
    let (id, given) = (member.id.to_string(), assignment(&topic));
    assert_eq!(member.sync(&[(&id, &given)]), Ok(given.clone()));
    assert_eq!(by_ottla(&shop, &group), all);
    assert_eq!(by_kafka(&mut shop, &group), all);
    assert_eq!(by_go(&mut go, "lag_of_exporter", &group), all);
    assert_eq!(by_go(&mut go, "lag", &group), to_read);
}
