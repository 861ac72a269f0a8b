//! Sizes, headers, API keys and versions, and what else a port must bear.

use bytes::Buf;
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse, MetadataRequest};
use kafka_protocol::protocol::Decodable;

use super::{
    API_VERSIONS_KEY, FETCH_KEY, METADATA_KEY, PRODUCE_KEY, Scene, flexible_header, frame, header, whole_produce,
};
use crate::calls::fetch_request;
use crate::harness::Broker;
use crate::raw::{Connection, error_name, framed, sized};

#[test]
fn impossible_sizes_close_the_connection() {
    let scene = Scene::start();
    scene.closes("a negative size", &[&(-1_i32).to_be_bytes()[..], &[0; 32]].concat());
    scene.closes("the smallest size", &i32::MIN.to_be_bytes());
    scene.closes("one byte above socket.request.max.bytes", &(100 * 1024 * 1024 + 1_i32).to_be_bytes());
    scene.closes("the largest size", &i32::MAX.to_be_bytes());
    scene.closes("no bytes", &0_i32.to_be_bytes());
    scene.end();
}

#[test]
fn a_header_cut_short_closes_the_connection() {
    let scene = Scene::start();
    let whole = header(METADATA_KEY, 1, None);
    for len in 1..whole.len() {
        scene.closes(&format!("{len} bytes of a header"), &sized(&whole[..len]));
    }
    scene.end();
}

/// Apache Kafka waits for `connections.max.idle.ms` too, but is not asked here: its setting cannot be changed.
#[test]
fn a_frame_that_never_ends_is_given_up() {
    let Some(broker) = Broker::own(&["--set", "connections.max.idle.ms=1000"]) else { return };
    let scene = Scene::around(broker);
    let whole = whole_produce(&scene.topic);
    scene.closes("half a frame, then silence", &whole[..whole.len() / 2]);
    scene.closes("half a size, then silence", &whole[..2]);
    scene.end();
}

#[test]
fn a_frame_that_ends_with_the_connection_is_forgotten() {
    let scene = Scene::start();
    let whole = whole_produce(&scene.topic);
    for len in [1, 4, 5, whole.len() / 2, whole.len() - 1] {
        let mut connection = Connection::open(&scene.broker);
        connection.send(&whole[..len]).unwrap();
        connection.finish_sending();
        assert_eq!(connection.frame(), None, "{len} bytes of a frame");
    }
    scene.end();
}

#[test]
fn other_protocols_are_closed() {
    let scene = Scene::start();
    scene.closes("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    scene.closes("a TLS ClientHello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on");
    scene.end();
}

#[test]
fn an_unknown_api_key_closes_the_connection() {
    let scene = Scene::start();
    for api_key in [-1, 999, i16::MAX, i16::MIN] {
        scene.closes(&format!("api key {api_key}"), &frame(header(api_key, 0, Some(b"bad")), &[0; 16]));
    }
    scene.end();
}

#[test]
fn an_unsupported_version_closes_the_connection() {
    let scene = Scene::start();
    for (api_key, version) in [(METADATA_KEY, 99), (METADATA_KEY, -1), (PRODUCE_KEY, 2), (FETCH_KEY, 3)] {
        let bytes = frame(header(api_key, version, Some(b"bad")), &[0; 16]);
        scene.closes(&format!("api key {api_key} version {version}"), &bytes);
    }
    scene.end();
}

/// Clients newer than the broker ask for a version that it cannot know; the answer lets them step down. KIP-511.
#[test]
fn api_versions_of_an_unsupported_version_is_answered_in_version_0() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    connection.send(&frame(flexible_header(API_VERSIONS_KEY, 99), b"what a newer client might say")).unwrap();
    let mut answer = connection.frame().expect("an answer");
    assert_eq!(answer.get_i32(), 7, "correlation id");
    let response = ApiVersionsResponse::decode(&mut answer, 0).unwrap();
    assert_eq!(error_name(response.error_code), "UnsupportedVersion");
    assert!(response.api_keys.iter().any(|api| api.api_key == API_VERSIONS_KEY && api.max_version >= 3));
    assert_eq!(connection.api_versions().len(), Connection::open(&scene.broker).api_versions().len());
    scene.end();
}

#[test]
fn a_client_software_name_must_be_a_word() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    for name in ["", "two words", "-dash", "dash-", "ümlaut", "tab\t"] {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(name.to_owned().into())
            .with_client_software_version("1".to_owned().into());
        assert_eq!(error_name(connection.call(3, &request).error_code), "InvalidRequest", "{name:?}");
    }
    scene.end();
}

/// Vote, BrokerRegistration, BrokerHeartbeat and AllocateProducerIds belong to the controller's listener.
#[test]
fn apis_of_the_controller_are_closed() {
    let scene = Scene::start();
    for api_key in [52, 62, 63, 67] {
        scene.closes(&format!("api key {api_key}"), &frame(flexible_header(api_key, 0), &[0; 32]));
    }
    scene.end();
}

#[test]
fn a_null_client_id_is_fine() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let no_topics = 0_i32.to_be_bytes();
    connection.send(&frame(header(METADATA_KEY, 1, None), &no_topics)).unwrap();
    let (correlation_id, response) = connection.answer::<MetadataRequest>(1).expect("an answer");
    assert_eq!((correlation_id, response.brokers.len(), response.topics.len()), (7, 1, 0));
    scene.end();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let requests: Vec<u8> = (0..200)
        .flat_map(|correlation_id| match correlation_id % 2 {
            0 => framed(1, correlation_id, &MetadataRequest::default().with_topics(Some(Vec::new()))),
            _ => framed(12, correlation_id, &fetch_request(&scene.topic, 0, 0, 1024)),
        })
        .collect();
    connection.send(&requests).unwrap();
    for correlation_id in 0..200 {
        assert_eq!(connection.frame().expect("an answer").get_i32(), correlation_id);
    }
    scene.end();
}

#[test]
fn what_came_before_bad_bytes_is_answered() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let good = framed(1, 1, &MetadataRequest::default().with_topics(Some(Vec::new())));
    let bad = frame(header(999, 0, Some(b"bad")), &[0; 16]);
    connection.send(&good).unwrap();
    assert_eq!(connection.frame().expect("an answer").get_i32(), 1);
    connection.send(&[&bad[..], &whole_produce(&scene.topic)].concat()).unwrap();
    assert_eq!(connection.frame(), None, "requests after the bad one must not be served");
    scene.end();
}

/// Buffers grow with the bytes that came, not with those that were announced. Not asked of an Apache Kafka: it runs out of
/// memory and serves nobody.
#[test]
fn sizes_that_are_only_announced_cost_no_memory() {
    const PEERS: u64 = 300;
    let Some(broker) = Broker::own(&[]) else { return };
    let scene = Scene::around(broker);
    let before = scene.broker.peak_memory_bytes();
    let announcement = [&(100 * 1024 * 1024_i32).to_be_bytes()[..], &header(PRODUCE_KEY, 9, None)].concat();
    let peers: Vec<Connection> = (0..PEERS)
        .map(|_| {
            let mut peer = Connection::open(&scene.broker);
            peer.send(&announcement).unwrap();
            peer
        })
        .collect();
    // An answer on a later connection tells that the earlier ones were looked at.
    Connection::open(&scene.broker).api_versions();
    let grown = scene.broker.peak_memory_bytes() - before;
    assert!(grown < PEERS * 64 * 1024, "{PEERS} announcements of 100 MiB cost {grown} bytes");
    drop(peers);
    scene.end();
}
