//! A fetch of what is not in the page cache: the loop asks for nothing that it would have to wait for.

use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::FetchPartition;

use super::trace::{Call, Trace, Tracer, strace_works};
use crate::batch::{self, Identity, Record};
use crate::calls::{FETCH, fetch_request};
use crate::harness::{Broker, unique};
use crate::operators::cache::evict;
use crate::raw::{Connection, error_name, framed};

const BATCHES: i64 = 2_000;
/// Where batches and index entries lie that no other look-up has read, each beyond the read-ahead of the one before.
const WANTED: [i64; 3] = [1_500, 1_000, 500];

/// Small segments, so that there are offsets whose segment ends soon: a fetch from there finds little, and waits.
const SEGMENT_BYTES: (&str, &str) = ("segment.bytes", "1048576");
/// Longer than any test waits: an answer that comes was not the deadline's.
const FOREVER_MS: i32 = 600_000;

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

/// A topic of two partitions; all is in the first.
fn filled(connection: &mut Connection, configs: &[(&str, &str)]) -> String {
    let topic = unique("cold");
    connection.create_topic_with(&topic, 2, configs);
    let batch = batch::encode(Identity::NONE, &[Record::of(vec![b'x'; 5_000])]);
    (0..BATCHES).for_each(|offset| assert_eq!(connection.produce(&topic, 0, batch.clone()), Ok(offset)));
    topic
}

/// The last offset of a segment in the middle.
fn end_of_a_segment(broker: &Broker, topic: &str) -> i64 {
    let files = std::fs::read_dir(broker.data_dir().join(format!("{topic}-0"))).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut bases: Vec<i64> = names.filter_map(|name| name.strip_suffix(".log")?.parse().ok()).collect();
    bases.sort_unstable();
    bases[bases.len() / 2] - 1
}

#[test]
fn where_a_cold_fetch_begins_is_looked_up_on_another_thread() {
    let Some(broker) = strace_works().then(|| Broker::own(&[])).flatten() else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection, &[]);
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

#[test]
fn a_parked_fetch_whose_records_left_the_page_cache_is_looked_up_on_another_thread() {
    let Some(broker) = strace_works().then(|| Broker::own(&[])).flatten() else { return };
    let mut writer = Connection::open(&broker);
    let topic = filled(&mut writer, &[SEGMENT_BYTES]);
    let from = end_of_a_segment(&broker, &topic);
    let mut request = fetch_request(&topic, 0, from, 1 << 20).with_max_wait_ms(FOREVER_MS).with_min_bytes(20_000);
    let other = FetchPartition::default().with_partition(1).with_current_leader_epoch(-1);
    for (next, is_session) in [(0, false), (1, true)] {
        let mut connection = Connection::open(&broker);
        let other = other.clone().with_partition_max_bytes(1 << 20).with_fetch_offset(next);
        request.topics[0].partitions.truncate(1);
        request.topics[0].partitions.push(other);
        if is_session {
            let opening = request.clone().with_session_epoch(0).with_max_wait_ms(0);
            request.session_id = connection.call(FETCH, &opening).session_id;
            request.session_epoch = 1;
        }
        connection.send(&framed(FETCH, 7, &request)).unwrap();
        // The loops have looked at it when they have served whoever came after it.
        (0..8).for_each(|_| _ = Connection::open(&broker).api_versions());
        evict(&broker, &topic, 0);
        let tracer = Tracer::attach(&broker);
        let batch = batch::encode(Identity::NONE, &[Record::of(vec![b'y'; 30_000])]);
        assert_eq!(writer.produce(&topic, 1, batch), Ok(next));
        let (_, response) = connection.answer::<FetchRequest>(FETCH).expect("an answer");
        let trace = tracer.finish_behind(&mut connection);
        let given =
            |at: usize| response.responses[0].partitions[at].records.as_ref().map_or(0, |records| records.len());
        assert!(given(0) > 5_000 && given(0) + given(1) > 20_000, "{response:?}");
        assert_looked_up_elsewhere(&trace);
    }
}

#[test]
fn while_a_fetch_of_a_session_waits_for_the_disk_its_loop_serves_others() {
    let options = ["--set", "num.network.threads=1"];
    let Some(broker) = strace_works().then(|| Broker::own(&options)).flatten() else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection, &[]);
    let opening = fetch_request(&topic, 0, BATCHES, 20_000).with_session_epoch(0);
    let session_id = connection.call(FETCH, &opening).session_id;
    let request =
        |epoch: i32| fetch_request(&topic, 0, WANTED[0], 20_000).with_session_id(session_id).with_session_epoch(epoch);
    evict(&broker, &topic, 0);

    let held = Tracer::hold_reads(&broker, "look-up");
    connection.send(&framed(FETCH, 1, &request(1))).unwrap();
    held.await_call("pread64");
    let mut other = Connection::open(&broker);
    for epoch in [2, 1] {
        let refused = other.call(FETCH, &request(epoch));
        assert_eq!(error_name(refused.error_code), "InvalidFetchSessionEpoch", "{epoch}");
    }
    other.api_versions();
    held.finish();

    let (_, response) = connection.answer::<FetchRequest>(FETCH).expect("an answer");
    let records = response.responses[0].partitions[0].records.clone().unwrap();
    assert_eq!((response.error_code, batch::base_offset(&records)), (0, WANTED[0]));
    assert_eq!(other.call(FETCH, &request(2)).error_code, 0, "the session goes on");
}
