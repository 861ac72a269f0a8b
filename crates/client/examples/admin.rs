//! Creates a topic, changes a setting of it, looks at it, and deletes it.
//!
//! ```text
//! cargo run -p ottla-client --example admin -- 127.0.0.1:9092 scratch
//! ```
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;

use ottla_client as client;

use client::{Client, NewTopic, OffsetSpec, PartitionIndex, TopicPartition};

/// Leaves nothing behind.
pub async fn run(bootstrap: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let admin = Client::connect(bootstrap).await?.admin();
    let topic = NewTopic {
        partitions: Some(3),
        configs: vec![("retention.ms".to_owned(), "3600000".to_owned())],
        ..NewTopic::new(name)
    };
    for (_, created) in admin.create_topics(&[topic]).await? {
        created?;
    }
    admin.alter_topic_configs(name, &[("retention.ms".to_owned(), Some("7200000".to_owned()))]).await?;
    for (_, configs) in admin.describe_topic_configs(&[name]).await? {
        let retention = configs?.into_iter().find(|config| config.key == "retention.ms");
        println!("{retention:?}");
    }
    let first = TopicPartition { topic: name.to_owned(), partition: PartitionIndex(0) };
    for (partition, end) in admin.list_offsets(&[(first, OffsetSpec::Latest)]).await? {
        println!("{partition} ends at {:?}", end?.offset);
    }
    println!("{:?}", admin.describe_cluster().await?.brokers);
    for (_, deleted) in admin.delete_topics(&[name]).await? {
        deleted?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (bootstrap, topic) = (arguments.next(), arguments.next());
    run(bootstrap.as_deref().unwrap_or("127.0.0.1:9092"), topic.as_deref().unwrap_or("scratch")).await
}
