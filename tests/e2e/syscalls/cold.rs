//! A fetch of what is not in the page cache: the loop asks for nothing that it would have to wait for.

use super::trace::{Call, Trace, Tracer, strace_works};
use crate::batch::{self, Identity, Record};
use crate::calls::{FETCH, fetch_request};
use crate::harness::{Broker, unique};
use crate::operators::cache::evict;
use crate::raw::Connection;

const BATCHES: i64 = 2_000;
/// Where batches and index entries lie that no other look-up has read, each beyond the read-ahead of the one before.
const WANTED: [i64; 3] = [1_500, 1_000, 500];

fn is_look_up(call: &&Call) -> bool {
    call.is_read_of(".log") || call.is_read_of(".index")
}

/// Reads of the loop return at once, and what was not there was read by another thread.
fn assert_looked_up_elsewhere(trace: &Trace) {
    let waits = |call: &&Call| is_look_up(call) && !call.arguments.contains("RWF_NOWAIT");
    assert_eq!(trace.serving().filter(waits).count(), 0, "{trace}");
    let loops: Vec<u32> = trace.serving().map(|call| call.thread).collect();
    let elsewhere = |call: &&Call| call.is_read_of(".index") && !loops.contains(&call.thread);
    assert!(trace.calls.iter().any(|call| elsewhere(&call)), "{trace}");
}

#[test]
fn where_a_cold_fetch_begins_is_looked_up_on_another_thread() {
    let Some(broker) = strace_works().then(|| Broker::own(&[])).flatten() else { return };
    let (topic, mut connection) = (unique("cold"), Connection::open(&broker));
    connection.create_topic(&topic, 1);
    let batch = batch::encode(Identity::NONE, &[Record::of(vec![b'x'; 5_000])]);
    (0..BATCHES).for_each(|offset| assert_eq!(connection.produce(&topic, 0, batch.clone()), Ok(offset)));
    let opening = fetch_request(&topic, 0, BATCHES, 1 << 20).with_session_epoch(0);
    let session_id = connection.call(FETCH, &opening).session_id;
    assert_ne!(session_id, 0);

    for (round, wanted) in WANTED.into_iter().enumerate() {
        evict(&broker, &topic, 0);
        let tracer = Tracer::attach(&broker);
        let whole = fetch_request(&topic, 0, wanted, 20_000);
        let request = match round {
            0 => whole,
            _ => whole.with_session_id(session_id).with_session_epoch(round as i32),
        };
        let response = connection.call(FETCH, &request);
        let trace = tracer.finish_behind(&mut connection);
        let records = response.responses[0].partitions[0].records.clone().unwrap();
        assert_eq!(batch::base_offset(&records), wanted, "round {round}");
        assert_looked_up_elsewhere(&trace);
    }
}
