#![expect(clippy::disallowed_types, reason = "the broker that these tests play")]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::*;
use crate::ClientConfig;

/// A broker that knows no topic. It speaks Metadata in version 0 alone.
///
/// Once `calls` counts, it answers a request when the consumer's next call but one has begun: the one that asked was dropped.
async fn play_broker(listener: TcpListener, calls: watch::Receiver<Option<u64>>) {
    let port = i32::from(listener.local_addr().unwrap().port());
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer_all(stream, port, calls.clone()));
    }
}

async fn answer_all(mut stream: TcpStream, port: i32, mut calls: watch::Receiver<Option<u64>>) {
    while let Ok(size) = stream.read_i32().await {
        let mut frame = vec![0; usize::try_from(size).unwrap()];
        stream.read_exact(&mut frame).await.unwrap();
        let body = match frame[1] {
            18 => vec![0, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            3 => metadata(port),
            other => panic!("nobody should ask for {other}"),
        };
        let asked = *calls.borrow();
        if let Some(asked) = asked {
            // A test that has ended counts no more.
            let _ = calls.wait_for(|now| now.is_some_and(|now| now > asked + 1)).await;
        }
        let size = i32::try_from(body.len() + 4).unwrap();
        stream.write_all(&[&size.to_be_bytes(), &frame[4..8], &body].concat()).await.unwrap();
    }
}

/// Itself, and UNKNOWN_TOPIC_OR_PARTITION for the topic `t`.
fn metadata(port: i32) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 1, 0, 0, 0, 1, 0, 9];
    body.extend(b"127.0.0.1");
    body.extend(port.to_be_bytes());
    body.extend([0, 0, 0, 1, 0, 3, 0, 1, b't', 0, 0, 0, 0]);
    body
}

/// A consumer that reads partition 0 of the topic `t`, which it has seen before it was deleted.
async fn consumer(retry_timeout: Duration) -> (Consumer, watch::Sender<Option<u64>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (count, calls) = watch::channel(None);
    tokio::spawn(play_broker(listener, calls));
    let config = ClientConfig { retry_backoff: Duration::from_millis(10), ..ClientConfig::default() };
    let client = Client::connect_with(&address, config).await.unwrap();
    let mut consumer = client.consumer(ConsumerConfig { retry_timeout, ..ConsumerConfig::default() });
    consumer.partitions.push(Reading::new(1, "t".into(), PartitionIndex(0), Offset(0)));
    (consumer, count)
}

#[tokio::test]
async fn with_the_shortest_waits_a_topic_that_is_gone_is_told_as_well() {
    let (mut consumer, calls) = consumer(Duration::ZERO).await;
    let told = async {
        for call in 0.. {
            calls.send_replace(Some(call));
            if let Err(error) = consumer.poll(1, Duration::from_millis(1)).await {
                return error;
            }
        }
        unreachable!("calls do not end")
    };
    let error = tokio::time::timeout(Duration::from_secs(20), told).await.expect("the look-up comes to its end");
    assert!(
        matches!(error, PollError::Request(error) if error.code() == Some(crate::ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))
    );
}

#[tokio::test]
async fn damage_is_forgotten_by_who_goes_elsewhere() {
    let (mut consumer, _calls) = consumer(Duration::ZERO).await;
    let partition = consumer.assignment().remove(0);
    let damage = Damage::Checksum;
    consumer.damaged = Some(PollError::Corrupt { partition: partition.clone(), offset: Offset(0), damage });
    assert!(consumer.pause(&partition));
    assert!(consumer.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_leader_that_does_not_know_the_epoch_may_have_other_records() {
    let (mut consumer, _calls) = consumer(Duration::ZERO).await;
    let (leader, epoch) = (BrokerId(1), ::record::LeaderEpoch(7));
    let changed = truncation::Changed { token: 1, leader, epoch };
    let told = consumer.take_validated(&changed, Ok(Some(Offset(-1)))).unwrap_err();
    assert!(matches!(told, PollError::Truncated { end: Offset(-1), .. }));
    consumer.config.reset = Reset::Earliest;
    consumer.take_validated(&changed, Ok(Some(Offset(-1)))).unwrap();
    assert!(consumer.partitions[0].busy, "where to go on is looked up");
}
