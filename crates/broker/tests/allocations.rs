//! The hot paths allocate nothing: not a produce request, of one record or of a thousand, not a few that arrive together, not a
//! fetch of a partition; nor does a heartbeat.
#![expect(clippy::disallowed_types, reason = "the test is a client")]
#![expect(unsafe_code, reason = "a counting allocator is an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use record::{BatchBuilder, Compression, Timestamp};
use wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use wire::messages::find_coordinator::FindCoordinatorRequest;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use wire::messages::produce::{PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData};
use wire::messages::sync_group::SyncGroupRequest;
use wire::{Array, Message, Records, Request};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The client's own allocations do not count.
    static IS_CLIENT: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if !IS_CLIENT.try_with(Cell::get).unwrap_or(true) {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
    }
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    /// Sends a request, waits for the whole answer, and tells how often the node allocated meanwhile.
    fn call<'a, R: Request + Message<'a>>(&mut self, version: i16, request: &R) -> usize {
        self.request.clear();
        wire::encode_request(&mut self.request, 1, Some("test"), version, request);
        let before = ALLOCATIONS.load(Ordering::SeqCst);
        self.stream.write_all(&self.request).unwrap();
        self.take_answer();
        ALLOCATIONS.load(Ordering::SeqCst) - before
    }

    /// Sends so many requests at once, each with a batch of so many records, and tells how often the node allocated meanwhile.
    fn produce(&mut self, requests: usize, records: usize) -> usize {
        let mut batch = BatchBuilder::new(Compression::None);
        for _ in 0..records {
            batch.append(Timestamp(1), Some(b"key"), Some(b"value"), &[]);
        }
        let batch = batch.build();
        let partition = PartitionProduceData { index: 0, records: Some(Records::Bytes(&batch)) };
        let partition_data = Array::from(vec![partition]);
        let topic = TopicProduceData { name: "t", partition_data, ..Default::default() };
        let request =
            ProduceRequest { acks: -1, timeout_ms: 1000, topic_data: Array::from(vec![topic]), transactional_id: None };
        self.request.clear();
        (0..requests).for_each(|_| wire::encode_request(&mut self.request, 1, Some("test"), 9, &request));
        let before = ALLOCATIONS.load(Ordering::SeqCst);
        self.stream.write_all(&self.request).unwrap();
        for _ in 0..requests {
            self.take_answer();
            let (_, mut body) = wire::decode_response_header(&self.answer, wire::ApiKey::PRODUCE, 9).unwrap();
            let answer = ProduceResponse::decode(&mut body, 9).unwrap();
            let partitions = answer.responses.iter().next().map(|topic| topic.partition_responses.to_vec());
            assert!(partitions.is_some_and(|found| found.len() == 1 && found[0].error_code.is_none()));
        }
        ALLOCATIONS.load(Ordering::SeqCst) - before
    }

    fn take_answer(&mut self) {
        let mut size = [0; 4];
        self.stream.read_exact(&mut size).unwrap();
        self.answer.resize(u32::from_be_bytes(size) as usize, 0);
        self.stream.read_exact(&mut self.answer).unwrap();
    }

    fn fetch(&mut self, fetch_offset: i64) -> usize {
        let partition = FetchPartition { fetch_offset, partition_max_bytes: 1 << 20, ..Default::default() };
        let partitions = Array::from(vec![partition]);
        let topics = Array::from(vec![FetchTopic { topic: "t", partitions, ..Default::default() }]);
        self.call(11, &FetchRequest { max_wait_ms: 0, min_bytes: 1, max_bytes: 1 << 20, topics, ..Default::default() })
    }

    /// Makes the client the only member of a group, and returns its id.
    fn join(&mut self) -> String {
        self.call(3, &FindCoordinatorRequest { coordinator_keys: Array::EMPTY, key: "g", key_type: 0 });
        let protocols = Array::from(vec![JoinGroupRequestProtocol { name: "range", metadata: b"" }]);
        let joins = JoinGroupRequest {
            group_id: "g",
            session_timeout_ms: 30_000,
            rebalance_timeout_ms: 30_000,
            protocol_type: "consumer",
            protocols,
            ..Default::default()
        };
        // The coordinator may not have read its log yet.
        let member = loop {
            self.call(3, &joins);
            let (_, mut body) = wire::decode_response_header(&self.answer, wire::ApiKey::JOIN_GROUP, 3).unwrap();
            let joined = JoinGroupResponse::decode(&mut body, 3).unwrap();
            if joined.error_code.is_none() {
                break joined.member_id.to_owned();
            }
        };
        let sync = SyncGroupRequest { group_id: "g", generation_id: 1, member_id: &member, ..Default::default() };
        self.call(3, &sync);
        member
    }

    fn heartbeat(&mut self, member_id: &str) -> usize {
        let request = HeartbeatRequest { group_id: "g", generation_id: 1, member_id, group_instance_id: None };
        let allocations = self.call(3, &request);
        assert!(self.answer.ends_with(&[0, 0]), "the heartbeat was refused: {:?}", self.answer);
        allocations
    }
}

/// How many allocations more than half of the calls had at least: other threads allocate now and then.
fn usual(counts: impl Iterator<Item = usize>) -> usize {
    let mut counts: Vec<usize> = counts.collect();
    counts.sort_unstable();
    counts[counts.len() / 2]
}

#[test]
fn produce_fetch_and_heartbeat_allocate_nothing() {
    IS_CLIENT.set(true);
    let data = tempfile::tempdir().unwrap();
    let overrides = [("num.network.threads", "1"), ("group.initial.rebalance.delay.ms", "0")];
    let overrides = overrides.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    let options = ottla_broker::Options {
        data_dirs: vec![data.path().to_owned()],
        listen: Some("127.0.0.1:0".to_owned()),
        overrides,
        ..Default::default()
    };
    let node = ottla_broker::start(&options).unwrap();
    let stream = TcpStream::connect(node.addresses()[0]).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut client = Client { stream, request: Vec::new(), answer: Vec::new() };
    let topic = CreatableTopic { name: "t", num_partitions: 1, replication_factor: 1, ..Default::default() };
    client.call(5, &CreateTopicsRequest { topics: Array::from(vec![topic]), ..Default::default() });

    // Buffers and tables reach their size first.
    (0..50).for_each(|_| _ = client.produce(1, 1));
    (0..3).for_each(|_| _ = client.produce(1, 1000));
    assert_eq!(usual((0..20).map(|_| client.produce(1, 1))), 0, "one record");
    assert_eq!(usual((0..20).map(|_| client.produce(1, 1000))), 0, "a thousand records");
    (0..3).for_each(|_| _ = client.produce(4, 1));
    assert_eq!(usual((0..20).map(|_| client.produce(4, 1))), 0, "four requests");
    (0..10).for_each(|_| _ = client.fetch(0));
    assert_eq!(usual((0..20).map(|offset| client.fetch(offset))), 0, "a fetch of small batches");
    assert_eq!(usual((0..20).map(|at| client.fetch(3050 + 1000 * at))), 0, "a fetch of large batches");

    let member = client.join();
    (0..10).for_each(|_| _ = client.heartbeat(&member));
    assert_eq!(usual((0..20).map(|_| client.heartbeat(&member))), 0, "heartbeats");
    node.shutdown();
}
