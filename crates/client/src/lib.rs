//! A client of Ottla, Apache Kafka and everything else that speaks Kafka's protocol.
//!
//! ```no_run
//! # use ottla_client as client;
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use client::{Client, ConsumerConfig, NewTopic, ProducerConfig, ProducerRecord, Start};
//!
//! let client = Client::connect("127.0.0.1:9092").await?;
//! client.admin().create_topics(&[NewTopic::new("greetings")]).await?;
//!
//! let producer = client.producer(ProducerConfig::default());
//! let delivery = producer.send(ProducerRecord::to("greetings").value(b"hello")).await?;
//! println!("stored: {:?}", delivery.await?);
//!
//! let mut consumer = client.consumer(ConsumerConfig { until_end: true, ..ConsumerConfig::default() });
//! consumer.assign("greetings", None, Start::Beginning).await?;
//! while let Some(record) = consumer.next().await? {
//!     println!("{}: {:?}", record.offset, record.value);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A [`Client`] holds one connection per broker, on which requests are pipelined, another where consumers wait for records,
//! and what is known of the cluster.
//! [`Admin`], [`Producer`], [`Consumer`] and [`GroupConsumer`] share it. Everything runs on the tokio runtime of the caller; futures are
//! `Send`, and queues and buffers are bounded.
//!
//! Deliberately absent: files, and the choice of a runtime. Not there yet: transactions, TLS and SASL.

mod address;
mod admin;
mod backoff;
mod client;
mod connection;
mod consumer;
mod error;
mod group;
mod metadata;
mod partitioner;
mod producer;

pub use address::{Address, AddressError};
pub use admin::{
    Admin, CachedLog, ConfigSource, DeleteBefore, GroupDescription, GroupHappening, GroupListing, GroupMember,
    LogDescription, LogReads, MemberToRemove, NewTopic, OffsetFound, OffsetSpec, Outcomes, PartitionLag, TopicConfig,
    TopicPartition,
};
pub use client::{Client, ClientConfig, ClientError};
pub use consumer::{Consumer, ConsumerConfig, ConsumerRecord, Damage, Isolation, PollError, Reset, Start};
pub use error::{CallError, ConnectError, Refusal, RequestError};
pub use group::{Assignor, CommittedOffset, GroupConfig, GroupConsumer, GroupError, GroupEvent, GroupProtocol};
pub use metadata::{Broker, Cluster, Partition, Topic};
pub use partitioner::{Adaptive, CustomPartitioner, Partitioner, murmur2, partition_of};
pub use producer::{Acks, Delivered, Delivery, Producer, ProducerConfig, ProducerRecord, SendError};
pub use record::{BrokerId, Compression, Header, LeaderEpoch, Offset, PartitionIndex, Timestamp, TopicId};
pub use wire::ErrorCode;
