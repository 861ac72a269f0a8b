//! Connections break while records are produced: each record is stored once, and in order.

use std::time::Duration;

use client::{Acks, PartitionIndex, ProducerConfig, ProducerRecord, SendError};

use super::proxy::{Fault, Faults, Proxy};
use super::{block_on, connect, number, read_all, topic};
use crate::harness::Broker;

const PARTITIONS: usize = 4;
const RECORDS: u32 = 10_000;
const FAULTS: u32 = 20;

/// A broker that names the proxy as its address.
fn behind(proxy: &Proxy) -> Option<Broker> {
    Broker::own(&["--set", &format!("advertised.listeners=PLAINTEXT://{}", proxy.address())])
}

/// Small batches, so that there are many requests.
fn config(max_in_flight: usize) -> ProducerConfig {
    ProducerConfig { batch_bytes: 256, linger: Duration::from_millis(1), max_in_flight, ..ProducerConfig::default() }
}

#[test]
fn ten_thousand_records_survive_twenty_faults_once_and_in_order() {
    for (seed, max_in_flight) in [(1, 5), (2, 1), (3, 5)] {
        let proxy = Proxy::bind();
        let address = proxy.address();
        let Some(broker) = behind(&proxy) else { return };
        let faults = proxy.serve(broker.bootstrap(), Faults::seeded(seed, 4, FAULTS));
        block_on(async {
            let client = connect(&address).await;
            let topic = topic(&client, "faults", PARTITIONS as i32).await;
            let producer = client.producer(config(max_in_flight));
            let mut deliveries = Vec::new();
            for i in 0..RECORDS {
                let value = i.to_string();
                let partition = PartitionIndex((i as usize % PARTITIONS) as i32);
                let record = ProducerRecord::to(&topic).partition(partition).value(value.as_bytes());
                deliveries.push(producer.send(record).await.unwrap());
            }
            let mut told = Vec::new();
            for delivery in deliveries {
                told.push(delivery.await.unwrap());
            }
            let stored = read_all(&client, &topic).await;
            assert_eq!(stored.len(), RECORDS as usize, "seed {seed}");
            let mut next = [0, 1, 2, 3];
            for record in &stored {
                let (partition, number) = (record.partition.0 as usize, number(record));
                assert_eq!(number, next[partition], "seed {seed}, partition {partition}, offset {}", record.offset);
                next[partition] += PARTITIONS as u32;
                let told = told[number as usize];
                assert_eq!(told.partition, record.partition);
                // Of a batch that came twice brokers tell the time of its last record for all of them.
                assert!(told.timestamp >= record.timestamp, "seed {seed}: {told:?} for {}", record.timestamp);
                assert!(told.offset.is_none_or(|offset| offset == record.offset), "seed {seed}: {told:?}");
            }
        });
        let done = std::mem::take(&mut faults.lock().unwrap().done);
        assert_eq!(done.len(), FAULTS as usize, "seed {seed}");
        assert!(done.contains(&Fault::Unanswered) && done.contains(&Fault::Late), "seed {seed}: {done:?}");
    }
}

#[test]
fn a_broker_that_falls_silent_ends_in_the_delivery_timeout_and_a_full_buffer_in_an_error() {
    let proxy = Proxy::bind();
    let address = proxy.address();
    let Some(broker) = behind(&proxy) else { return };
    proxy.serve(broker.bootstrap(), Faults::always(Fault::Silent));
    block_on(async {
        let client = connect(&address).await;
        let topic = topic(&client, "silent", 1).await;
        let producer = client.producer(ProducerConfig {
            delivery_timeout: Duration::from_millis(600),
            max_block: Duration::from_millis(100),
            buffer_bytes: 4 << 10,
            ..config(1)
        });
        let record = ProducerRecord::to(&topic).value(&[0; 1_000]);
        let mut deliveries = Vec::new();
        let blocked = loop {
            match producer.send(record).await {
                Ok(delivery) => deliveries.push(delivery),
                Err(error) => break error,
            }
        };
        assert!(matches!(blocked, SendError::Blocked { .. }), "{blocked}");
        assert_eq!(deliveries.len(), 3, "so many fit the buffer");
        for delivery in deliveries {
            let failed = delivery.await.unwrap_err();
            assert!(matches!(failed, SendError::Request(_) | SendError::Expired { .. }), "{failed}");
        }
        producer.send(record).await.expect("there is room again");
        assert!(matches!(producer.close(Duration::from_millis(50)).await, Err(SendError::Closed)));
        assert!(matches!(producer.send(record).await, Err(SendError::Closed)));
    });
}

#[test]
fn without_acknowledgements_what_is_sent_counts_as_delivered() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        for acks in [Acks::None, Acks::Leader] {
            let topic = topic(&client, "acks", 1).await;
            let producer = client.producer(ProducerConfig { acks, ..config(1) });
            let delivery = producer.send(ProducerRecord::to(&topic).value(b"7")).await.unwrap();
            assert_eq!(delivery.await.unwrap().offset.is_some(), acks == Acks::Leader);
            // The broker reads a connection's requests in order, so this one comes after the record.
            assert_eq!(read_all(&client, &topic).await.len(), 1);
        }
    });
}
