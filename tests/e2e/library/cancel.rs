//! Futures that are dropped at random: what was taken is delivered once, what was not never.

use std::collections::BTreeSet;
use std::time::Duration;

use client::{ProducerConfig, ProducerRecord};

use super::{block_on, connect, number, read_all, topic};
use crate::harness::Broker;

#[test]
fn a_dropped_future_neither_loses_nor_doubles_a_record() {
    let broker = Broker::start();
    block_on(async {
        let client = connect(broker.bootstrap()).await;
        let topic = topic(&client, "cancel", 3).await;
        // A buffer of a few records makes `send` wait, so that there is something to cancel.
        let producer = client.producer(ProducerConfig {
            buffer_bytes: 300,
            batch_bytes: 200,
            linger: Duration::ZERO,
            ..ProducerConfig::default()
        });
        let (mut taken, mut cancelled) = (BTreeSet::new(), 0);
        for i in 0..3_000_u32 {
            let value = i.to_string();
            let mut patience = i.wrapping_mul(2_654_435_761) >> 29;
            let sending = producer.send(ProducerRecord::to(&topic).value(value.as_bytes()));
            let give_up = async {
                while patience > 0 {
                    patience -= 1;
                    tokio::task::yield_now().await;
                }
            };
            // Now and then one is awaited to its end, so that the buffer empties.
            let sent = tokio::select! {
                biased;
                sent = sending => Some(sent.unwrap()),
                () = give_up, if !i.is_multiple_of(16) => None,
            };
            match sent {
                None => cancelled += 1,
                Some(delivery) => {
                    taken.insert(i);
                    // Some deliveries are dropped at once, some while they are awaited.
                    if i.is_multiple_of(64) {
                        let _ = tokio::time::timeout(Duration::from_micros(300), delivery.into_future()).await;
                    }
                }
            }
        }
        producer.close(crate::harness::PATIENCE).await.unwrap();
        assert!(cancelled > 50 && taken.len() > 50, "{cancelled} cancelled, {} taken", taken.len());
        let stored: Vec<u32> = read_all(&client, &topic).await.iter().map(number).collect();
        assert_eq!(stored.len(), taken.len());
        assert_eq!(stored.into_iter().collect::<BTreeSet<u32>>(), taken);
    });
}
