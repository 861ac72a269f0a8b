//! Connections in number, loops among each other, shutdown.

use std::net::TcpListener;

use super::*;
use crate::budget::Budget;
use crate::listener::{Arrival, Census};
use crate::loops::{self, Remote};
use crate::wake::Order;

#[test]
fn connections_are_limited_in_all_and_their_seats_are_given_back() {
    let fixture = Fixture::new(Config { max_connections: 2, ..Config::default() });
    let mut first = fixture.connect();
    let mut second = fixture.connect();
    exchange(&mut first, &frame(b'e', b""));
    exchange(&mut second, &frame(b'e', b""));
    assert_eq!(read_to_close(&mut fixture.connect()), b"");
    drop(first);
    until(|| fixture.stats().connections_closed.value() == 1);
    until(|| {
        let mut third = fixture.connect();
        let mut answer = [0; 12];
        third.write_all(&frame(b'e', b"")).is_ok() && third.read_exact(&mut answer).is_ok()
    });
}

#[test]
fn shutdown_closes_idle_connections_and_finishes_answers() {
    let fixture = Fixture::new(Config::default());
    let mut idle = fixture.connect();
    exchange(&mut idle, &frame(b'e', b""));
    let mut waiting = fixture.connect();
    waiting.write_all(&frame(b'w', b"last")).unwrap();
    until(|| fixture.gate.waiting.load(Ordering::SeqCst) == 1);
    let addr = fixture.server.local_addrs()[0];
    let Fixture { server, gate } = fixture;
    let stopping = std::thread::spawn(move || server.shutdown());
    assert_eq!(read_to_close(&mut idle), b"", "idle connections go at once");
    assert!(!stopping.is_finished(), "an answer is in flight");
    gate.open();
    assert_eq!(read_to_close(&mut waiting), frame(b'w', b"last"));
    stopping.join().unwrap();
    assert!(TcpStream::connect(addr).is_err(), "nobody listens");
}

#[test]
fn shutdown_gives_up_answers_after_its_deadline() {
    let fixture = Fixture::new(Config { drain: Duration::from_millis(50), ..Config::default() });
    let mut waiting = fixture.connect();
    waiting.write_all(&frame(b'w', b"")).unwrap();
    until(|| fixture.gate.waiting.load(Ordering::SeqCst) == 1);
    fixture.server.shutdown();
    assert_eq!(read_to_close(&mut waiting), b"");
    assert_eq!(fixture.gate.dropped.load(Ordering::SeqCst), 1);
}

#[test]
fn a_dropped_server_ends() {
    let fixture = Fixture::new(Config { loops: 3, ..Config::default() });
    let mut client = fixture.connect();
    exchange(&mut client, &frame(b'e', b""));
    drop(fixture);
    assert_eq!(read_to_close(&mut client), b"");
}

#[test]
fn tasks_of_another_loop_are_woken_through_its_inbox() {
    const WAITING: usize = 50;
    let pair = Pair::start();
    let mut waiting: Vec<_> = (0..WAITING).map(|_| pair.connect_to(1)).collect();
    for client in &mut waiting {
        client.write_all(&frame(b'w', b"")).unwrap();
    }
    until(|| pair.gate.waiting.load(Ordering::SeqCst) == WAITING);
    let mut opener = pair.connect_to(0);
    exchange(&mut opener, &frame(b'o', b""));
    for client in &mut waiting {
        assert_eq!(read_exactly(client, 12), frame(b'w', b""));
    }
    assert_eq!(pair.loops[1].stats.wakes_from_outside.value(), WAITING as u64);
    assert_eq!(pair.loops[0].stats.wakes_from_outside.value(), 0);
    pair.end();
}

#[test]
fn tasks_of_the_same_loop_are_woken_without_the_inbox() {
    let pair = Pair::start();
    let mut waiting = pair.connect_to(0);
    waiting.write_all(&frame(b'w', b"")).unwrap();
    until(|| pair.gate.waiting.load(Ordering::SeqCst) == 1);
    let mut opener = pair.connect_to(0);
    exchange(&mut opener, &frame(b'o', b""));
    assert_eq!(read_exactly(&mut waiting, 12), frame(b'w', b""));
    assert_eq!(pair.loops[0].stats.wakes_from_outside.value(), 0);
    pair.end();
}

/// Two loops without acceptors: the test chooses where a connection goes.
struct Pair {
    loops: Vec<Remote>,
    gate: Arc<Gate>,
    listener: TcpListener,
    census: Arc<Census>,
}

impl Pair {
    fn start() -> Pair {
        let config = Arc::new(Config::default());
        let budget = Arc::new(Budget::new(config.budget_bytes));
        let script = Arc::new(Script::default());
        let lane = Arc::new(crate::cold::Lane::new().unwrap());
        let start = |i| {
            loops::spawn(i, Arc::clone(&config), Arc::clone(&budget), Arc::clone(&lane), Arc::clone(&script)).unwrap()
        };
        Pair {
            loops: (0..2).map(start).collect(),
            gate: Arc::clone(&script.gate),
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(),
            census: Arc::new(Census::new(&config)),
        }
    }

    fn connect_to(&self, index: usize) -> TcpStream {
        let client = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let (stream, peer) = self.listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let seat = self.census.admit(peer.ip()).unwrap();
        self.loops[index].inbox.post(|mail| mail.arrivals.push(Arrival { stream, peer, listener: 0, seat }));
        client
    }

    fn end(self) {
        for one in self.loops {
            one.inbox.post(|mail| mail.order = Some(Order::Halt));
            one.thread.join().unwrap();
        }
    }
}

#[test]
fn wakes_of_one_batch_wake_the_loop_once() {
    struct Count(AtomicUsize);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let woken = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Arc::clone(&woken).into();
    let cx = Context::from_waker(&waker);
    let inbox = crate::wake::Inbox::default();
    let mut mail = crate::wake::Mail::default();
    assert!(inbox.poll_take(&cx, &mut mail).is_pending());
    for batch in 1..=3 {
        for _ in 0..10 {
            inbox.post(|mail| mail.wakes.push(std::task::Waker::noop().clone()));
        }
        assert_eq!(woken.0.load(Ordering::SeqCst), batch, "one edge per batch");
        assert!(inbox.poll_take(&cx, &mut mail).is_ready());
        assert_eq!(mail.wakes.len(), 10);
        mail.wakes.clear();
        assert!(inbox.poll_take(&cx, &mut mail).is_pending());
    }
}

#[test]
fn the_taken_port_is_explained() {
    let first = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let addr = first.local_addr().unwrap();
    let e = bind(addr).unwrap_err();
    assert_eq!(e.kind(), std::io::ErrorKind::AddrInUse);
    assert!(e.to_string().contains(&format!("port {} is taken", addr.port())), "{e}");
}

#[test]
fn a_loop_tells_whoever_asks_whether_it_still_turns() {
    let fixture = Fixture::new(Config::default());
    let observers = fixture.server.observers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ping = |observer: &crate::LoopObserver| {
        let pong = observer.ping();
        runtime.block_on(async { tokio::time::timeout(PATIENCE, pong).await }).expect("an answer")
    };
    assert!(observers.iter().all(ping));
    fixture.server.shutdown();
    assert!(!observers.iter().any(ping), "none of those that have ended");
}
