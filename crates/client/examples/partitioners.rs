//! Who decides about the partition of a record: its key, the load, the turn, or a function.
//!
//! ```text
//! cargo run -p ottla-client --example partitioners -- 127.0.0.1:9092 orders
//! ```
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;
use std::time::Duration;

use ottla_client as client;

use client::{Adaptive, Client, PartitionIndex, Partitioner, ProducerConfig, ProducerRecord};

/// Sends a few records under each partitioner.
pub async fn run(bootstrap: &str, topic: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::connect(bootstrap).await?;
    let slow_are_left_out = Adaptive { availability_timeout: Some(Duration::from_secs(1)), ..Adaptive::default() };
    // Orders of the first letter A go to partition 0, all others to the last one.
    let by_letter = |record: &ProducerRecord<'_>, count: i32| match record.key {
        Some([b'A', ..]) => PartitionIndex(0),
        _ => PartitionIndex(count - 1),
    };
    let partitioners = [
        ("adaptive", Partitioner::Adaptive(slow_are_left_out)),
        ("sticky", Partitioner::Sticky),
        ("round robin", Partitioner::RoundRobin),
        ("by letter", Partitioner::custom(by_letter)),
    ];
    for (name, partitioner) in partitioners {
        let producer = client.producer(ProducerConfig { partitioner, ..ProducerConfig::default() });
        for key in ["Anna", "Berta", "Anna"] {
            let sent = producer.send(ProducerRecord::to(topic).key(key.as_bytes())).await?;
            println!("{name}: {key} is in partition {}", sent.await?.partition);
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (bootstrap, topic) = (arguments.next(), arguments.next());
    run(bootstrap.as_deref().unwrap_or("127.0.0.1:9092"), topic.as_deref().unwrap_or("orders")).await
}
