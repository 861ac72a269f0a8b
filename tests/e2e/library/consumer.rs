//! Consuming through the library: assignments that change, places to begin, little buffers, broken connections.

use std::time::Duration;

use client::{
    Client, ConsumerConfig, Offset, PartitionIndex, PollError, ProducerConfig, ProducerRecord, Reset, Start, Timestamp,
    TopicPartition,
};

use super::{block_on, connect, number, read_rest, topic};
use crate::harness::Broker;

/// Record `i` is in partition `i % 2`, with the time `1000 + i` and the value `i`.
async fn filled(client: &Client, count: u32) -> String {
    let topic = topic(client, "consumed", 2).await;
    let producer = client.producer(ProducerConfig { batch_bytes: 1 << 10, ..ProducerConfig::default() });
    for i in 0..count {
        let value = i.to_string();
        let record = ProducerRecord {
            timestamp: Some(Timestamp(1_000 + i64::from(i))),
            ..ProducerRecord::to(&topic).partition(PartitionIndex((i % 2) as i32)).value(value.as_bytes())
        };
        producer.send(record).await.unwrap();
    }
    producer.flush().await.unwrap();
    topic
}

fn of(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition: PartitionIndex(partition) }
}

fn to_the_end() -> ConsumerConfig {
    ConsumerConfig { until_end: true, ..ConsumerConfig::default() }
}

#[test]
fn a_consumer_goes_back_and_forth_by_offset_and_time() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = filled(&client, 2_000).await;
        let (zero, one) = (of(&topic, 0), of(&topic, 1));
        let mut consumer = client.consumer(to_the_end());
        consumer.assign(&topic, Some(&[PartitionIndex(0)]), Start::Timestamp(Timestamp(1_501))).await.unwrap();
        assert_eq!(consumer.position(&zero), Some(Offset(251)));
        assert_eq!(number(&consumer.next().await.unwrap().unwrap()), 502);
        assert_eq!(consumer.position(&zero), Some(Offset(252)), "behind what was returned, not what was fetched");
        consumer.seek(&zero, Start::Offset(Offset(10))).await.unwrap();
        assert_eq!(number(&consumer.next().await.unwrap().unwrap()), 20);
        consumer.seek(&zero, Start::Beginning).await.unwrap();
        assert_eq!(read_rest(&mut consumer).await.iter().map(number).collect::<Vec<_>>(), every_second(0, 2_000));
        consumer.seek(&zero, Start::End).await.unwrap();
        assert_eq!(consumer.next().await.unwrap(), None);
        assert!(consumer.seek(&one, Start::End).await.is_err(), "it is not assigned");
        assert!(consumer.seek(&zero, Start::Offset(Offset(1_001))).await.is_err(), "it would never be reached");
    });
}

fn every_second(from: u32, to: u32) -> Vec<u32> {
    (from..to).step_by(2).collect()
}

#[test]
fn partitions_come_go_and_rest_while_others_are_read() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = filled(&client, 1_000).await;
        let (zero, one) = (of(&topic, 0), of(&topic, 1));
        let mut consumer = client.consumer(to_the_end());
        consumer.assign(&topic, None, Start::Beginning).await.unwrap();
        assert_eq!(consumer.lag(), 1_000);
        let first = consumer.next().await.unwrap().unwrap();
        let (read, rest) = if first.partition.0 == 0 { (&zero, &one) } else { (&one, &zero) };
        assert!(consumer.pause(read));
        let others = read_rest(&mut consumer).await;
        assert_eq!(others.len(), 500);
        assert!(others.iter().all(|record| record.partition == rest.partition));
        assert_eq!(consumer.position(read), Some(first.offset + 1));
        assert!(consumer.resume(read));
        let resumed = read_rest(&mut consumer).await;
        assert_eq!(resumed.len(), 499);
        assert_eq!(resumed[0].offset, first.offset + 1);
        assert!(consumer.unassign(&zero) && !consumer.unassign(&zero));
        assert_eq!(consumer.assignment(), std::slice::from_ref(&one));
        assert!(!consumer.pause(&zero) && consumer.position(&zero).is_none());
        consumer.assign(&topic, Some(&[PartitionIndex(1)]), Start::Offset(Offset(490))).await.unwrap();
        assert_eq!(consumer.assignment(), [one], "it is there once");
        assert_eq!(read_rest(&mut consumer).await.len(), 10);
    });
}

#[test]
fn small_answers_and_little_room_still_bring_everything_in_order() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = filled(&client, 2_000).await;
        let config = ConsumerConfig { max_bytes: 1_500, max_partition_bytes: 700, prefetch_bytes: 0, ..to_the_end() };
        let mut consumer = client.consumer(config);
        consumer.assign(&topic, None, Start::Beginning).await.unwrap();
        let mut read: [Vec<u32>; 2] = Default::default();
        loop {
            let records = consumer.poll(7, crate::harness::PATIENCE).await.unwrap();
            assert!(records.len() <= 7);
            if records.is_empty() {
                break;
            }
            records.iter().for_each(|record| read[record.partition.0 as usize].push(number(record)));
        }
        assert_eq!(read, [every_second(0, 2_000), every_second(1, 2_000)]);
    });
}

#[test]
fn an_offset_that_is_gone_is_an_error_or_a_new_beginning() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = filled(&client, 100).await;
        let zero = of(&topic, 0);
        client.admin().delete_records(&zero, client::DeleteBefore::Offset(Offset(20))).await.unwrap();
        for (reset, expected) in [(Reset::Earliest, Some(20)), (Reset::Latest, None), (Reset::Fail, None)] {
            let mut consumer = client.consumer(ConsumerConfig { reset, ..to_the_end() });
            consumer.assign(&topic, Some(&[PartitionIndex(0)]), Start::Offset(Offset(5))).await.unwrap();
            match (reset, consumer.next().await) {
                (Reset::Fail, Err(PollError::OffsetOutOfRange { offset: Offset(5), .. })) => {}
                (Reset::Fail, other) => panic!("{other:?}"),
                (_, next) => assert_eq!(next.unwrap().map(|record| record.offset.0), expected, "{reset:?}"),
            }
        }
    });
}

#[test]
fn a_consumer_that_waits_is_woken_by_records_and_may_be_cancelled() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = filled(&client, 10).await;
        let mut consumer = client.consumer(ConsumerConfig::default());
        consumer.assign(&topic, None, Start::End).await.unwrap();
        assert_eq!(consumer.poll(5, Duration::from_millis(20)).await.unwrap(), []);
        let producer = client.producer(ProducerConfig::default());
        for i in 0..20_u32 {
            let sent = producer.send(ProducerRecord::to(&topic).value(i.to_string().as_bytes())).await.unwrap();
            let cancelled = tokio::time::timeout(Duration::from_micros(u64::from(i) * 50), consumer.next()).await;
            let record = match cancelled {
                Ok(record) => record.unwrap(),
                Err(_) => consumer.next().await.unwrap(),
            };
            assert_eq!(record.as_ref().map(number), Some(i));
            sent.await.unwrap();
        }
    });
}
