//! What connections cost in memory. The only test of its process, because it reads the process's resident size.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "plain blocking clients; /proc is read")]

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use ottla_net::{Config, Frames, LoopStats, Outbox, Server, Service, Turn, bind};

struct Silent;

impl Service for Silent {
    type Session = ();

    fn connect(&self, _: SocketAddr, _: usize) {}

    fn turn(&self, (): &mut (), frames: &mut Frames<'_>, _: &mut Outbox) -> Turn {
        while frames.next().is_some() {}
        Turn::Done
    }
}

const PEERS: usize = 1000;

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn connect(server: &Server) -> Vec<TcpStream> {
    (0..PEERS).map(|_| TcpStream::connect(server.local_addrs()[0]).unwrap()).collect()
}

fn until(server: &Server, condition: impl Fn(&LoopStats) -> bool) {
    let stats = server.stats().next().unwrap();
    while !condition(stats) {
        std::thread::yield_now();
    }
}

#[test]
fn idle_peers_and_peers_that_declare_large_frames_cost_little() {
    let listener = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let config = Config { idle: Duration::from_secs(3600), ..Config::default() };
    let server = Server::start(config, vec![listener], Arc::new(Silent)).unwrap();
    let before = resident_bytes();

    let idle = connect(&server);
    until(&server, |stats| stats.connections_opened.value() == PEERS as u64);
    let per_idle = (resident_bytes() - before) / PEERS;
    assert!(per_idle <= 2 << 10, "an idle connection costs {per_idle} bytes");

    let mut declaring = connect(&server);
    for peer in &mut declaring {
        peer.write_all(&(100_u32 << 20).to_be_bytes()).unwrap();
    }
    until(&server, |stats| stats.bytes_in.value() == 4 * PEERS as u64);
    let cost = resident_bytes() - before;
    assert!(cost < 8 << 20, "{cost} bytes");
    drop(idle);
}
