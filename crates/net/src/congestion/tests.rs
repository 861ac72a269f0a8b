//! Which congestion control a connection has.

use std::net::Ipv4Addr;

use super::*;

const ELSEWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9092);

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Another one than Reno that every process may choose, if the system has one.
fn another() -> Option<&'static str> {
    let probe = listener();
    ["cubic", "bbr"].into_iter().find(|name| set_tcp_congestion(&probe, name).is_ok())
}

fn accepted(listener: &TcpListener) -> (TcpStream, TcpStream, SocketAddr) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, peer) = listener.accept().unwrap();
    (server, client, peer)
}

#[test]
fn a_connection_within_the_machine_is_not_paced() {
    let listener = listener();
    set_tcp_congestion(&listener, UNPACED).unwrap();
    let (server, _client, peer) = accepted(&listener);
    Congestion::Local { system: "none of this name".to_owned() }.settle(&server, peer).unwrap();
    assert_eq!(tcp_congestion(&server).unwrap(), UNPACED);
}

#[test]
fn a_connection_from_elsewhere_goes_back_to_what_the_system_gives() {
    let (Some(system), listener) = (another(), listener()) else { return };
    set_tcp_congestion(&listener, UNPACED).unwrap();
    let (server, _client, _) = accepted(&listener);
    assert_eq!(tcp_congestion(&server).unwrap(), UNPACED);
    Congestion::Local { system: system.to_owned() }.settle(&server, ELSEWHERE).unwrap();
    assert_eq!(tcp_congestion(&server).unwrap(), system);
}

#[test]
fn only_what_paces_and_can_be_given_back_is_changed() {
    for system in ["cubic", "bbr that nobody has"] {
        let listener = listener();
        let before = tcp_congestion(&listener).unwrap();
        assert_eq!(Congestion::with(&listener, system.to_owned()), Congestion::Untouched);
        assert_eq!(tcp_congestion(&listener).unwrap(), before);
    }
}

#[test]
fn every_address_of_the_machine_is_local() {
    let listener = listener();
    let (server, _client, peer) = accepted(&listener);
    assert!(is_local(&server, peer));
    assert!(is_local(&server, "[::ffff:127.0.0.1]:1".parse().unwrap()));
    assert!(!is_local(&server, ELSEWHERE));
}
