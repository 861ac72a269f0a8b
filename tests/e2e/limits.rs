//! Memory stays bounded, whatever peers declare, send or leave unread.

use kafka_protocol::messages::MetadataRequest;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use crate::bad_input::Neighbour;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, framed};

const LIMIT_BYTES: u64 = 256 << 20;
const PEERS: usize = 1_000;
/// What partial frames may hold together, where the default would be all of the limit.
const BUDGET: &str = "queued.max.request.bytes=67108864";

/// The limit is `RLIMIT_DATA`: the kernel refuses private writable memory beyond it, and the broker would abort.
#[test]
fn a_thousand_huge_frames_and_a_thousand_idle_connections_fit_in_256_mib() {
    // Two thousand sockets here, two thousand there.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum }).unwrap();
    let Some(mut broker) = limited() else { return };
    let neighbour = Neighbour::start(&broker);
    let idle: Vec<_> = (0..PEERS).map(|_| Connection::open(&broker)).collect();
    let mut greedy: Vec<_> = (0..PEERS).map(|_| Connection::open(&broker)).collect();
    // A Produce request of 100 MiB, of which 12 KB come now, which needs no asking, and 100 KB more of some.
    let declared = (100_i32 << 20).to_be_bytes();
    for peer in &mut greedy {
        peer.send(&declared).unwrap();
        peer.send(&[0; 12_000]).unwrap();
    }
    for peer in &mut greedy[..200] {
        peer.send(&[0; 100_000]).unwrap();
    }
    neighbour.finish();
    broker.assert_alive();
    let peak = broker.peak_memory_bytes();
    eprintln!("peak resident memory: {} MiB", peak >> 20);
    assert!(peak < LIMIT_BYTES, "{peak} bytes");
    drop((idle, greedy));
}

/// Answers of half a megabyte, asked for two hundred times by each of ten peers that read none of them.
#[test]
fn answers_that_nobody_reads_are_not_gathered() {
    let Some(mut broker) = limited() else { return };
    let topic = unique("many");
    Connection::open(&broker).create_topic(&topic, 10_000);
    let neighbour = Neighbour::start(&broker);
    let ask = framed(12, 1, &MetadataRequest::default().with_topics(None)).repeat(200);
    let deaf: Vec<_> = (0..10)
        .map(|_| {
            let mut connection = Connection::open(&broker);
            connection.send(&ask).unwrap();
            connection
        })
        .collect();
    neighbour.finish();
    broker.assert_alive();
    let peak = broker.peak_memory_bytes();
    eprintln!("peak resident memory: {} MiB", peak >> 20);
    assert!(peak < LIMIT_BYTES, "{peak} bytes");
    drop(deaf);
}

fn limited() -> Option<Broker> {
    let broker = Broker::own(&["--set", BUDGET])?;
    let pid = Pid::from_raw(i32::try_from(broker.pid()).unwrap());
    let limit = Rlimit { current: Some(LIMIT_BYTES), maximum: Some(LIMIT_BYTES) };
    prlimit(pid, Resource::Data, limit).unwrap();
    Some(broker)
}
