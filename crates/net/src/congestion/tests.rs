//! Which congestion control a connection has.

use std::net::Ipv4Addr;

use super::*;

const ELSEWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9092);

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

fn accepted(listener: &TcpListener) -> (TcpStream, TcpStream, SocketAddr) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, peer) = listener.accept().unwrap();
    (server, client, peer)
}

#[test]
fn a_connection_within_the_machine_is_not_paced() {
    let listener = listener();
    let congestion = Congestion::with(&listener, "bbr".to_owned());
    let (server, _client, peer) = accepted(&listener);
    congestion.settle(&server, peer).unwrap();
    assert_eq!(tcp_congestion(&server).unwrap(), "reno");
}

#[test]
fn a_connection_from_elsewhere_goes_back_to_what_the_system_gives() {
    let listener = listener();
    let system = tcp_congestion(&listener).unwrap();
    assert_eq!(Congestion::with(&listener, "bbr".to_owned()), Congestion::Local { system: "bbr".to_owned() });
    let (server, _client, _) = accepted(&listener);
    Congestion::Local { system: system.clone() }.settle(&server, ELSEWHERE).unwrap();
    assert_eq!(tcp_congestion(&server).unwrap(), system);
}

#[test]
fn what_does_not_pace_is_left_alone() {
    let listener = listener();
    let system = tcp_congestion(&listener).unwrap();
    assert_eq!(Congestion::with(&listener, "cubic".to_owned()), Congestion::Untouched);
    assert_eq!(tcp_congestion(&listener).unwrap(), system);
}

#[test]
fn every_address_of_the_machine_is_local() {
    let listener = listener();
    let (server, _client, peer) = accepted(&listener);
    assert!(is_local(&server, peer));
    assert!(is_local(&server, "[::ffff:127.0.0.1]:1".parse().unwrap()));
    assert!(!is_local(&server, ELSEWHERE));
}
