//! Reads a topic as a member of a group, and commits what it has dealt with.
//!
//! ```text
//! cargo run -p ottla-client --example group -- 127.0.0.1:9092 greetings
//! ```
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;
use std::time::Duration;

use ottla_client as client;

use client::{Client, GroupConfig, GroupEvent, GroupProtocol, Reset};

/// Reads so many records, from where the group is.
pub async fn run(bootstrap: &str, topic: &str, protocol: GroupProtocol, count: usize) -> Result<usize, Box<dyn Error>> {
    let client = Client::connect(bootstrap).await?;
    let mut config = GroupConfig { protocol, auto_commit: None, ..GroupConfig::new("examples") };
    config.consumer.reset = Reset::Earliest;
    let mut consumer = client.group_consumer(config);
    consumer.subscribe(&[topic]);
    let mut read = 0;
    while read < count {
        match consumer.next().await? {
            GroupEvent::Record(record) => {
                println!("{} {}: {:?}", record.partition, record.offset, record.value);
                read += 1;
            }
            GroupEvent::Assigned(partitions) => println!("reads {partitions:?}"),
            // Whoever reads these next begins behind what was committed.
            GroupEvent::Revoked(partitions) => {
                println!("gives up {partitions:?}");
                consumer.commit().await?;
            }
            GroupEvent::Lost(partitions) => println!("has lost {partitions:?}"),
        }
    }
    consumer.commit().await?;
    consumer.close(Duration::from_secs(10)).await?;
    Ok(read)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (bootstrap, topic) = (arguments.next(), arguments.next());
    let protocol = match arguments.next().as_deref() {
        Some("consumer") => GroupProtocol::Consumer,
        _ => GroupProtocol::Classic,
    };
    let count = arguments.next().map_or(Ok(10), |count| count.parse())?;
    let read =
        run(bootstrap.as_deref().unwrap_or("127.0.0.1:9092"), topic.as_deref().unwrap_or("greetings"), protocol, count);
    println!("{} records", read.await?);
    Ok(())
}
