//! A client of the operator's endpoint, with no code of ours behind it, and what any client may do to it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::harness::{Broker, PATIENCE};

/// A broker that tells its metrics, and where. None against an outside broker.
pub fn observed(options: &[&str]) -> Option<(Broker, String)> {
    let broker = Broker::own(&[&["--metrics", "127.0.0.1:0"], options].concat())?;
    let address = address_in(&broker.stderr()).expect("the broker says where it tells its metrics");
    Some((broker, address))
}

/// The `HOST:PORT` of the endpoint in what a broker said.
pub fn address_in(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("http://")?;
    rest.split_once("/metrics").map(|(address, _)| address.to_owned())
}

/// Status, head and body of the answer to `request`.
pub fn exchange(address: &str, request: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {answer:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
}

/// Status and body of a GET.
pub fn get(address: &str, path: &str) -> (u16, String) {
    let (status, _, body) = exchange(address, format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    (status, body)
}

#[test]
fn what_is_not_served_is_refused_in_http() {
    let Some((mut broker, address)) = observed(&[]) else { return };
    assert_eq!(get(&address, "/"), (404, "there are /metrics, /health and /ready\n".to_owned()));
    assert_eq!(get(&address, "/health?probe=1").0, 200);
    let (status, head, _) = exchange(&address, b"POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    assert!(status == 405 && head.contains("\r\nAllow: GET, HEAD\r\n"), "{head}");
    let (status, _, body) = exchange(&address, b"HEAD /health HTTP/1.1\r\n\r\n");
    assert_eq!((status, body.as_str()), (200, ""));
    for bad in [&b"\0\0\0\x12\0\x12\0\x03"[..], b"GET /health\r\n\r\n", b"GET \xff HTTP/1.1\r\n\r\n"] {
        assert_eq!(exchange(&address, bad).0, 400, "{bad:?}");
    }
    broker.assert_alive();
}

#[test]
fn a_head_without_end_is_refused_before_it_fills_the_memory() {
    let Some((_broker, address)) = observed(&[]) else { return };
    // No more than is surely read before the refusal, so that the answer is not lost to a reset.
    let endless = [b"GET /metrics HTTP/1.1\r\nX: ".as_slice(), &[b'a'; 9000]].concat();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&endless).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 431");
}

#[test]
fn clients_that_say_nothing_do_not_keep_others_out_for_long() {
    let Some((_broker, address)) = observed(&[]) else { return };
    // As many as are served at a time.
    let silent: Vec<TcpStream> = (0..16).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let asked = Instant::now();
    assert_eq!(get(&address, "/health").0, 200);
    assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
    drop(silent);
}
