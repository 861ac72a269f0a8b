//! Producing through the library: where records go, and what is refused before it is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use client::{
    Adaptive, Client, Compression, PartitionIndex, Partitioner, ProducerConfig, ProducerRecord, SendError, partition_of,
};

use super::{block_on, connect, number, read_all, topic};
use crate::harness::Broker;

/// What keys have to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Absent,
    Ignored,
    Decide,
}

/// Produces 600 records of about 70 bytes under this partitioner, and counts them by partition.
async fn spread(client: &Client, partitioner: Partitioner, keys: Keys) -> BTreeMap<i32, usize> {
    let topic = topic(client, "spread", 3).await;
    let config = ProducerConfig { partitioner, batch_bytes: 1 << 10, ..ProducerConfig::default() };
    let producer = client.producer(config);
    for i in 0..600_u32 {
        let (key, value) = (format!("key {}", i % 50), format!("{i:060}"));
        let record = ProducerRecord::to(&topic).value(value.as_bytes());
        let record = if keys == Keys::Absent { record } else { record.key(key.as_bytes()) };
        producer.send(record).await.unwrap();
    }
    producer.close(crate::harness::PATIENCE).await.unwrap();
    let mut counts = BTreeMap::new();
    let records = read_all(client, &topic).await;
    assert_eq!(records.len(), 600);
    for record in records {
        *counts.entry(record.partition.0).or_default() += 1;
        let by_key = record.key.as_deref().map(|key| partition_of(key, 3));
        assert!(keys != Keys::Decide || by_key == Some(record.partition), "{record:?}");
    }
    counts
}

#[test]
fn partitioners_send_records_where_they_say() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let even = BTreeMap::from([(0, 200), (1, 200), (2, 200)]);
        assert_eq!(spread(&client, Partitioner::RoundRobin, Keys::Ignored).await, even);
        let last = Partitioner::custom(|_, count| PartitionIndex(count - 1));
        assert_eq!(spread(&client, last, Keys::Ignored).await, BTreeMap::from([(2, 600)]));
        for partitioner in [Partitioner::Sticky, Partitioner::default()] {
            assert_eq!(spread(&client, partitioner.clone(), Keys::Decide).await.len(), 3, "50 keys hit all partitions");
            let sticky = spread(&client, partitioner, Keys::Absent).await;
            // Fewer than 40 batches of about 16 records are spread at random; that none hits a partition is a chance of 10^-6.
            assert_eq!(sticky.len(), 3, "{sticky:?}");
        }
        let ignoring = Partitioner::Adaptive(Adaptive { ignore_keys: true, ..Adaptive::default() });
        let one_batch = ProducerConfig { partitioner: ignoring, ..ProducerConfig::default() };
        let producer = client.producer(one_batch);
        let topic = topic(&client, "ignored", 3).await;
        for key in ["a", "b", "c", "d", "e", "f"] {
            producer.send(ProducerRecord::to(&topic).key(key.as_bytes())).await.unwrap();
        }
        producer.flush().await.unwrap();
        let records = read_all(&client, &topic).await;
        assert!(records.iter().all(|record| record.partition == records[0].partition), "they fill one batch");
    });
}

#[test]
fn a_partition_that_is_not_there_and_a_record_that_is_too_large_are_refused_at_once() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = topic(&client, "refused", 1).await;
        let wrong = Partitioner::custom(|_, count| PartitionIndex(count));
        let config = ProducerConfig { partitioner: wrong, max_request_bytes: 1_000, ..ProducerConfig::default() };
        let producer = client.producer(config);
        let refused = producer.send(ProducerRecord::to(&topic)).await.unwrap_err();
        assert!(matches!(refused, SendError::NoSuchPartition { count: 1, .. }), "{refused}");
        let refused = producer.send(ProducerRecord::to(&topic).value(&[0; 1_000])).await.unwrap_err();
        assert!(matches!(refused, SendError::TooLargeForRequest { max_request_bytes: 1_000, .. }), "{refused}");
        let first = ProducerRecord::to(&topic).partition(PartitionIndex(0)).value(b"7");
        assert_eq!(producer.send(first).await.unwrap().await.unwrap().offset, Some(client::Offset(0)));
    });
}

#[test]
fn every_codec_arrives_and_a_batch_too_large_for_its_topic_is_told() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        for compression in Compression::ALL {
            let topic = topic(&client, "codec", 1).await;
            let producer = client.producer(ProducerConfig { compression, ..ProducerConfig::default() });
            for i in 0..500_u32 {
                producer.send(ProducerRecord::to(&topic).value(i.to_string().as_bytes())).await.unwrap();
            }
            producer.flush().await.unwrap();
            let numbers: Vec<u32> = read_all(&client, &topic).await.iter().map(number).collect();
            assert_eq!(numbers, (0..500).collect::<Vec<u32>>(), "{compression}");
        }
        let topic = topic(&client, "small", 1).await;
        let changes = [("max.message.bytes".to_owned(), Some("500".to_owned()))];
        client.admin().alter_topic_configs(&topic, &changes).await.unwrap();
        let producer = client.producer(ProducerConfig { linger: Duration::ZERO, ..ProducerConfig::default() });
        let too_large = producer.send(ProducerRecord::to(&topic).value(&[0; 600])).await.unwrap().await.unwrap_err();
        let SendError::Request(refused) = &too_large else { panic!("{too_large}") };
        assert_eq!(refused.code(), Some(client::ErrorCode::MESSAGE_TOO_LARGE));
        let small = producer.send(ProducerRecord::to(&topic).value(b"7")).await.unwrap().await;
        assert_eq!(small.unwrap().offset, Some(client::Offset(0)), "the numbers go on where they were");
    });
}
