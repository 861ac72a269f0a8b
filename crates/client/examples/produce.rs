//! Produces records, with keys and headers, and says where each was stored.
//!
//! ```text
//! cargo run -p ottla-client --example produce -- 127.0.0.1:9092 greetings
//! ```
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;
use std::time::Duration;

use ottla_client as client;

use client::{Client, Compression, Header, ProducerConfig, ProducerRecord};

/// Sends ten records and waits for all of them.
pub async fn run(bootstrap: &str, topic: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::connect(bootstrap).await?;
    let config = ProducerConfig {
        compression: Compression::Zstd,
        linger: Duration::from_millis(20),
        ..ProducerConfig::default()
    };
    let producer = client.producer(config);
    let headers = [Header { key: b"source", value: Some(b"example") }];
    let mut deliveries = Vec::new();
    for i in 0..10 {
        let (key, value) = (format!("key {}", i % 3), format!("value {i}"));
        let record = ProducerRecord { headers: &headers, ..ProducerRecord::to(topic) };
        // Not awaited to its end yet, so that many records share a batch.
        deliveries.push(producer.send(record.key(key.as_bytes()).value(value.as_bytes())).await?);
    }
    for delivery in deliveries {
        let stored = delivery.await?;
        println!("partition {}, offset {:?}, time {}", stored.partition, stored.offset, stored.timestamp);
    }
    Ok(producer.close(Duration::from_secs(30)).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (bootstrap, topic) = (arguments.next(), arguments.next());
    run(bootstrap.as_deref().unwrap_or("127.0.0.1:9092"), topic.as_deref().unwrap_or("greetings")).await
}
