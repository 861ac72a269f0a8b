//! The well-behaved client beside the bad one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::batch::{self, Identity, Record, STAMP_LEN};
use crate::harness::{Broker, unique};
use crate::raw::Connection;

/// A client that produces and fetches back what it produced, over and over, on a connection of its own.
pub struct Neighbour {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<Stored>,
}

/// What a neighbour wrote.
pub struct Stored {
    topic: String,
    records: i64,
}

impl Neighbour {
    /// Starts once the first round went well.
    pub fn start(broker: &Broker) -> Neighbour {
        let enough = Arc::new(AtomicBool::new(false));
        let topic = unique("neighbour");
        let mut connection = Connection::open(broker);
        connection.create_topic(&topic, 1);
        round(&mut connection, &topic, 0);
        let thread = thread::spawn({
            let enough = Arc::clone(&enough);
            move || Stored { records: rounds(&mut connection, &topic, &enough), topic }
        });
        Neighbour { enough, thread }
    }

    /// Waits for one more whole round. Panics when any round saw an error.
    pub fn finish(self) -> Stored {
        self.enough.store(true, Ordering::Release);
        self.thread.join().expect("the well-behaved client saw an error")
    }
}

impl Stored {
    /// Reads all of it.
    pub fn assert_kept(&self, broker: &Broker) {
        let all = Connection::open(broker).fetch_all(&self.topic, 0);
        let found: Vec<_> = batch::split(&all).into_iter().flat_map(batch::decode).collect();
        let wrote: Vec<_> = (0..self.records).map(|offset| (offset, record(offset))).collect();
        assert!(found == wrote, "{} holds other records than its writer's {}", self.topic, self.records);
    }
}

fn rounds(connection: &mut Connection, topic: &str, enough: &AtomicBool) -> i64 {
    for offset in 1.. {
        let last = enough.load(Ordering::Acquire);
        round(connection, topic, offset);
        if last {
            return offset + 1;
        }
    }
    unreachable!("rounds do not run out")
}

fn record(offset: i64) -> Record {
    Record::of(format!("record {offset}"))
}

fn round(connection: &mut Connection, topic: &str, offset: i64) {
    let sent = batch::encode(Identity::NONE, &[record(offset)]);
    assert_eq!(connection.produce(topic, 0, sent.clone()), Ok(offset));
    let fetched = connection.fetch(topic, 0, offset, 1 << 20);
    assert_eq!((fetched.error.as_str(), fetched.high_watermark), ("None", offset + 1));
    assert_eq!(fetched.records[STAMP_LEN..], sent[STAMP_LEN..]);
}
