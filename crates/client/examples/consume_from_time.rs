//! Reads a topic from a time on, up to its present end, and then the first of its records once more.
//!
//! ```text
//! cargo run -p ottla-client --example consume_from_time -- 127.0.0.1:9092 greetings 1700000000000
//! ```
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;

use ottla_client as client;

use client::{Client, ConsumerConfig, Start, Timestamp};

/// Returns how many records there are since `since_ms`, in milliseconds since 1970.
pub async fn run(bootstrap: &str, topic: &str, since_ms: i64) -> Result<usize, Box<dyn Error>> {
    let client = Client::connect(bootstrap).await?;
    let mut consumer = client.consumer(ConsumerConfig { until_end: true, ..ConsumerConfig::default() });
    consumer.assign(topic, None, Start::Timestamp(Timestamp(since_ms))).await?;
    let mut count = 0;
    while let Some(record) = consumer.next().await? {
        println!("partition {}, offset {}: {:?} = {:?}", record.partition, record.offset, record.key, record.value);
        count += 1;
    }
    // Everything was read; go back to the beginning of one partition.
    if let Some(partition) = consumer.assignment().first() {
        consumer.seek(partition, Start::Beginning).await?;
        println!("{partition} begins with {:?}", consumer.next().await?.map(|record| record.value));
    }
    Ok(count)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (bootstrap, topic, since) = (arguments.next(), arguments.next(), arguments.next());
    let since_ms = since.map_or(Ok(0), |since| since.parse())?;
    run(bootstrap.as_deref().unwrap_or("127.0.0.1:9092"), topic.as_deref().unwrap_or("greetings"), since_ms).await?;
    Ok(())
}
