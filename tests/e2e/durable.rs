//! Durable mode: an acknowledgement means that the records are on disk, and one `fdatasync` serves many of them.

use std::thread;

use kafka_protocol::messages::ProduceRequest;

use crate::batch::{self, Identity, Record};
use crate::calls::{PRODUCE, base_offset, produce_request};
use crate::harness::{Broker, unique};
use crate::raw::{Connection, framed};
use crate::syscalls::trace::{Call, Trace, Tracer, strace_works};

fn small_batch() -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of("a small record")])
}

/// A broker that serves a topic already, so that what is traced is the way of a request alone.
fn warm_broker(options: &[&str]) -> Option<(Broker, String, Connection)> {
    let broker = strace_works().then(|| Broker::own(options)).flatten()?;
    let topic = unique("durable");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    (0..10).for_each(|offset| assert_eq!(connection.produce(&topic, 0, small_batch()), Ok(offset)));
    Some((broker, topic, connection))
}

fn is_sync_of_log(call: &Call) -> bool {
    matches!(call.name.as_str(), "fdatasync" | "fsync") && call.arguments.contains(".log>")
}

fn place_of(trace: &Trace, from: usize, is_it: impl Fn(&Call) -> bool) -> usize {
    let later = trace.calls[from..].iter().position(is_it);
    from + later.unwrap_or_else(|| panic!("the call is missing after {from}\n{trace}"))
}

#[test]
fn an_acknowledgement_leaves_after_the_records_are_synced() {
    let Some((broker, topic, mut connection)) = warm_broker(&["--durable"]) else { return };
    let tracer = Tracer::attach(&broker);
    for offset in 10..30 {
        assert_eq!(connection.produce(&topic, 0, small_batch()), Ok(offset));
    }
    let trace = tracer.finish_behind(&mut connection);
    let mut at = 0;
    for _ in 10..30 {
        at = place_of(&trace, at, |call| call.is_write_to(".log"));
        at = place_of(&trace, at, is_sync_of_log);
        let answer = place_of(&trace, at, Call::is_send);
        let next_write = trace.calls[at..answer].iter().find(|call| call.is_write_to(".log"));
        assert!(next_write.is_none(), "the answer comes before the next request\n{trace}");
        at = answer;
    }
}

#[test]
fn one_sync_serves_the_batches_of_many_producers() {
    const PRODUCERS: i32 = 10;
    const BATCHES: i32 = 30;
    let Some((broker, topic, _)) = warm_broker(&["--durable"]) else { return };
    // A disk so slow that the other producers' batches come while it syncs, however fast the real one is.
    let tracer = Tracer::attach_with(&broker, &["-e", "inject=fdatasync:delay_enter=5000"]);
    thread::scope(|scope| {
        for _ in 0..PRODUCERS {
            scope.spawn(|| {
                let mut connection = Connection::open(&broker);
                (0..BATCHES).for_each(|_| assert!(connection.produce(&topic, 0, small_batch()).is_ok()));
            });
        }
    });
    let trace = tracer.finish();
    let syncs = trace.calls.iter().filter(|call| is_sync_of_log(call)).count();
    let batches = (PRODUCERS * BATCHES) as usize;
    assert!(syncs >= 1 && syncs < batches / 2, "{syncs} syncs for {batches} batches");
}

#[test]
fn pipelined_requests_are_answered_in_order_also_where_some_wait_for_the_disk() {
    let Some(broker) = Broker::own(&["--durable"]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("pipelined");
    connection.create_topic(&topic, 1);
    let good = |correlation_id| framed(PRODUCE, correlation_id, &produce_request(&topic, 0, small_batch()));
    let unknown = |correlation_id| framed(PRODUCE, correlation_id, &produce_request("no-such", 0, small_batch()));
    let frames: Vec<u8> = (0..20).flat_map(|id| if id % 3 == 0 { unknown(id) } else { good(id) }).collect();
    connection.send(&frames).unwrap();
    let mut next = 0;
    for id in 0..20 {
        let (answered, response) = connection.answer::<ProduceRequest>(PRODUCE).unwrap();
        assert_eq!(answered, id);
        match id % 3 {
            0 => assert_eq!(base_offset(&response).unwrap_err(), "UnknownTopicOrPartition"),
            _ => {
                assert_eq!(base_offset(&response), Ok(next));
                next += 1;
            }
        }
    }
    let read = connection.fetch_all(&topic, 0);
    assert_eq!(batch::split(&read).len() as i64, next);
}

#[test]
fn requests_behind_a_produce_that_waits_see_its_records() {
    let Some(broker) = Broker::own(&["--durable"]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("behind");
    connection.create_topic(&topic, 1);
    let mut frames = framed(PRODUCE, 1, &produce_request(&topic, 0, small_batch()));
    frames.extend(framed(crate::calls::FETCH, 2, &crate::calls::fetch_request(&topic, 0, 0, 1 << 20)));
    connection.send(&frames).unwrap();
    let (_, produced) = connection.answer::<ProduceRequest>(PRODUCE).unwrap();
    assert_eq!(base_offset(&produced), Ok(0));
    let fetch = connection.answer::<kafka_protocol::messages::FetchRequest>(crate::calls::FETCH).unwrap();
    let data = &fetch.1.responses[0].partitions[0];
    assert_eq!((data.error_code, data.high_watermark), (0, 1));
    assert!(!data.records.as_ref().unwrap().is_empty());
}

#[test]
fn a_topic_may_be_durable_alone_or_not_at_all() {
    let Some((broker, topic, mut connection)) = warm_broker(&["--durable"]) else { return };
    let cached = unique("cached");
    connection.create_topic_with(&cached, 1, &[("flush.messages", "9223372036854775807")]);
    assert_eq!(connection.produce(&cached, 0, small_batch()), Ok(0));
    let tracer = Tracer::attach(&broker);
    (1..20).for_each(|offset| assert_eq!(connection.produce(&cached, 0, small_batch()), Ok(offset)));
    let trace = tracer.finish();
    assert_eq!(trace.calls.iter().filter(|call| is_sync_of_log(call)).count(), 0, "{trace}");
    assert_eq!(connection.produce(&topic, 0, small_batch()), Ok(10));
}

#[test]
fn the_mode_in_force_is_in_the_first_line() {
    for (options, said) in [
        (&["--durable"][..], "durability: disk (group commit)"),
        (&["--set", "log.flush.interval.messages=100"][..], "durability: flush every 100 messages"),
        (&[][..], "durability: page cache"),
    ] {
        let Some(broker) = Broker::own(options) else { return };
        assert!(broker.ready_line().contains(said), "{}", broker.ready_line());
    }
}
