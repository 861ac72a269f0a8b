//! Who may connect.

use std::net::Ipv4Addr;

use super::*;

#[test]
fn seats_are_counted_per_address_and_in_all() {
    let config = Config { max_connections: 3, max_connections_per_ip: 2, ..Config::default() };
    let census = Arc::new(Census::new(&config));
    let [a, b] = [1, 2].map(|last| IpAddr::from(Ipv4Addr::new(10, 0, 0, last)));
    let first = census.admit(a).unwrap();
    let _second = census.admit(a).unwrap();
    assert_eq!(census.admit(a).unwrap_err(), Full::PerIp);
    let third = census.admit(b).unwrap();
    assert_eq!(census.admit(b).unwrap_err(), Full::Total);
    drop(first);
    let _fourth = census.admit(a).unwrap();
    drop(third);
    assert_eq!(census.seats().by_ip.len(), 1, "an address without connections is forgotten");
}
