//! The Rust client library against the real binary, in part through a proxy that breaks connections.

mod cancel;
mod consumer;
mod examples;
mod faults;
mod groups;
mod producer;
mod proxy;

use client::{Client, ClientConfig, Consumer, ConsumerConfig, ConsumerRecord, NewTopic, PollError, Start};

/// Runs a test on a runtime of its own.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// A client that retries fast.
pub async fn connect(bootstrap: &str) -> Client {
    let config = ClientConfig { retry_backoff: std::time::Duration::from_millis(10), ..ClientConfig::default() };
    Client::connect_with(bootstrap, config).await.unwrap()
}

/// A new topic.
async fn topic(client: &Client, prefix: &str, partitions: i32) -> String {
    let name = crate::harness::unique(prefix);
    let topic = NewTopic { partitions: Some(partitions), ..NewTopic::new(name.clone()) };
    for (name, created) in client.admin().create_topics(&[topic]).await.unwrap() {
        created.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    name
}

/// All records that a topic has now.
async fn read_all(client: &Client, topic: &str) -> Vec<ConsumerRecord> {
    try_read_all(client, topic).await.unwrap()
}

/// All records that a topic has now, or why they cannot be read.
pub async fn try_read_all(client: &Client, topic: &str) -> Result<Vec<ConsumerRecord>, PollError> {
    let mut consumer = client.consumer(ConsumerConfig { until_end: true, ..ConsumerConfig::default() });
    consumer.assign(topic, None, Start::Beginning).await.unwrap();
    try_read_rest(&mut consumer).await
}

async fn read_rest(consumer: &mut Consumer) -> Vec<ConsumerRecord> {
    try_read_rest(consumer).await.unwrap()
}

async fn try_read_rest(consumer: &mut Consumer) -> Result<Vec<ConsumerRecord>, PollError> {
    let mut records = Vec::new();
    while let Some(record) = consumer.next().await? {
        records.push(record);
    }
    Ok(records)
}

/// The value of a record as a number.
fn number(record: &ConsumerRecord) -> u32 {
    std::str::from_utf8(record.value.as_deref().unwrap()).unwrap().parse().unwrap()
}
