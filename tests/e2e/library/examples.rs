//! The examples of the client library do what they say.
#![expect(dead_code, reason = "their `main` functions are for programs")]

#[path = "../../../crates/client/examples/admin.rs"]
mod admin;
#[path = "../../../crates/client/examples/consume_from_time.rs"]
mod consume_from_time;
#[path = "../../../crates/client/examples/group.rs"]
mod group;
#[path = "../../../crates/client/examples/partitioners.rs"]
mod partitioners;
#[path = "../../../crates/client/examples/produce.rs"]
mod produce;

use super::{block_on, connect, read_all, topic};
use crate::harness::{Broker, unique};

#[test]
fn the_examples_run() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = topic(&client, "example", 2).await;
        produce::run(broker.bootstrap(), &topic).await.unwrap();
        let records = read_all(&client, &topic).await;
        assert_eq!(records.len(), 10);
        assert_eq!(records[0].headers, [("source".into(), Some("example".into()))]);
        assert_eq!(consume_from_time::run(broker.bootstrap(), &topic, 0).await.unwrap(), 10);
        let later = records.iter().map(|record| record.timestamp.0).max().unwrap() + 1;
        assert_eq!(consume_from_time::run(broker.bootstrap(), &topic, later).await.unwrap(), 0);
        partitioners::run(broker.bootstrap(), &topic).await.unwrap();
        assert_eq!(read_all(&client, &topic).await.len(), 22);
        for protocol in [client::GroupProtocol::Classic, client::GroupProtocol::Consumer] {
            // What the one has committed the other does not read again.
            assert_eq!(group::run(broker.bootstrap(), &topic, protocol, 11).await.unwrap(), 11);
        }
        let scratch = unique("scratch");
        admin::run(broker.bootstrap(), &scratch).await.unwrap();
        assert!(client.admin().list_topics().await.unwrap().iter().all(|topic| topic.name != scratch));
    });
}
