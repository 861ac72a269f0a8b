//! What a request costs in system calls, seen by strace: no thread is woken, at most one write per partition and turn, and
//! large fetches leave by `sendfile`.

mod cold;
mod instructions;
pub mod trace;

use kafka_protocol::messages::ProduceRequest;

use crate::batch::{self, Identity, Record};
use crate::calls::{FETCH, PRODUCE, base_offset, fetch_request, produce_request};
use crate::harness::{Broker, unique};
use crate::raw::{Connection, framed};
use trace::{Tracer, strace_works};

/// Requests of the background's pace, such as timers: far fewer than requests are sent.
const BACKGROUND_CALLS: usize = 5;

#[test]
fn twenty_pipelined_produces_are_one_write_per_partition_and_turn() {
    let Some((broker, topic, mut connection)) = warm_broker() else { return };
    let batch = batch::encode(Identity::NONE, &[Record::of("a small record")]);
    let pipelined: Vec<u8> = (0..20)
        .flat_map(|correlation_id| framed(PRODUCE, correlation_id, &produce_request(&topic, 0, batch.clone())))
        .collect();

    let tracer = Tracer::attach(&broker);
    connection.send(&pipelined).unwrap();
    let answers: Vec<_> = (0..20).map(|_| connection.answer::<ProduceRequest>(PRODUCE).unwrap()).collect();
    let trace = tracer.finish();

    for (correlation_id, (answered, response)) in answers.iter().enumerate() {
        assert_eq!(*answered, correlation_id as i32);
        assert_eq!(base_offset(response), Ok(WARM_UP + correlation_id as i64));
    }
    let turns = trace.serving().filter(|call| call.is_receive() && call.result > 0).count();
    let appends = trace.calls.iter().filter(|call| call.is_write_to(".log")).count();
    let sends = trace.serving().filter(|call| call.is_send()).count();
    assert!(turns >= 1, "{trace}");
    assert!(appends <= turns, "{appends} writes to the log in {turns} turns\n{trace}");
    assert!(sends <= turns, "{sends} sends in {turns} turns\n{trace}");
    assert_no_hand_off(&trace);
}

#[test]
fn a_request_wakes_no_thread() {
    let Some((broker, topic, mut connection)) = warm_broker() else { return };
    let batch = batch::encode(Identity::NONE, &[Record::of("a small record")]);

    let tracer = Tracer::attach(&broker);
    for offset in WARM_UP..WARM_UP + 100 {
        assert_eq!(connection.produce(&topic, 0, batch.clone()), Ok(offset));
        assert!(!connection.fetch(&topic, 0, offset, 1 << 20).records.is_empty());
    }
    let trace = tracer.finish();

    let appends = trace.calls.iter().filter(|call| call.is_write_to(".log")).count();
    assert_eq!(appends, 100, "{trace}");
    assert!(trace.serving().filter(|call| call.is_send()).count() <= 200, "{trace}");
    assert_no_hand_off(&trace);
}

#[test]
fn a_large_fetch_leaves_by_sendfile() {
    const VALUE_LEN: usize = 500_000;
    let Some((broker, topic, mut connection)) = warm_broker() else { return };
    let batch = batch::encode(Identity::NONE, &[Record::of(vec![b'x'; VALUE_LEN])]);
    (0..16).for_each(|_| assert!(connection.produce(&topic, 0, batch.clone()).is_ok()));

    let tracer = Tracer::attach(&broker);
    let fetched = connection.fetch(&topic, 0, WARM_UP, 16 << 20).records.len();
    let trace = tracer.finish_behind(&mut connection);

    assert!(fetched > 16 * VALUE_LEN);
    let by_sendfile: i64 =
        trace.calls.iter().filter(|call| call.name == "sendfile" && call.result > 0).map(|call| call.result).sum();
    assert!(by_sendfile >= fetched as i64, "{by_sendfile} of {fetched} bytes left by sendfile\n{trace}");
    let copied: i64 = trace.calls.iter().filter(|call| call.is_read_of(".log")).map(|call| call.result).sum();
    assert!(copied < 64 * 1024, "{copied} bytes of the log were read\n{trace}");
}

#[test]
fn where_a_fetch_begins_in_a_long_log_is_found_with_three_reads() {
    let Some((broker, _, mut connection)) = warm_broker() else { return };
    let topic = unique("long");
    connection.create_topic(&topic, 1);
    // More than `index.interval.bytes`, so that each has an entry; many more entries than are read at once.
    let batch = batch::encode(Identity::NONE, &[Record::of(vec![b'x'; 5_000])]);
    (0..600).for_each(|_| assert!(connection.produce(&topic, 0, batch.clone()).is_ok()));

    let tracer = Tracer::attach(&broker);
    let places: Vec<i64> = (0..10).map(|n| 10 + n * 50).collect();
    for &offset in &places {
        assert!(!connection.fetch(&topic, 0, offset, 5_000).records.is_empty());
    }
    let trace = tracer.finish_behind(&mut connection);

    let reads_of = |name: &str| trace.serving().filter(|call| call.is_read_of(name)).count();
    assert!(reads_of(".index") <= 2 * places.len(), "{trace}");
    // The batch's header; a slice this small is copied from the log by a second one.
    assert!(reads_of(".log") <= 2 * places.len(), "{trace}");
}

/// The appends of [`warm_broker`].
const WARM_UP: i64 = 50;

/// A broker that has served produces and fetches on this connection already: first-time costs are behind it.
fn warm_broker() -> Option<(Broker, String, Connection)> {
    let broker = strace_works().then(|| Broker::own(&[])).flatten()?;
    let topic = unique("syscalls");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let batch = batch::encode(Identity::NONE, &[Record::of("a small record")]);
    for offset in 0..WARM_UP {
        assert_eq!(connection.produce(&topic, 0, batch.clone()), Ok(offset));
        connection.call(FETCH, &fetch_request(&topic, 0, offset, 1 << 20));
    }
    Some((broker, topic, connection))
}

/// The thread that serves the connection neither takes a contended lock nor wakes another thread; the others sleep.
fn assert_no_hand_off(trace: &trace::Trace) {
    let wakes = |call: &&trace::Call| call.name == "futex" || call.is_write_to("[eventfd]");
    assert_eq!(trace.serving().filter(wakes).count(), 0, "{trace}");
    let elsewhere = trace.calls.iter().filter(wakes).count();
    assert!(elsewhere <= BACKGROUND_CALLS, "{elsewhere} wake-ups in other threads\n{trace}");
}
