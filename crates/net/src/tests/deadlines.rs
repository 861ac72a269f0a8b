//! Peers that do nothing, or take nothing.

use super::*;

const SHORT: Duration = Duration::from_millis(80);

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let fixture = Fixture::new(Config { idle: SHORT, ..Config::default() });
    let mut idle = fixture.connect();
    let mut partial = fixture.connect();
    partial.write_all(&[0, 0, 0, 9, 1]).unwrap();
    let mut busy = fixture.connect();
    while fixture.stats().connections_closed.value() < 2 {
        assert_eq!(exchange(&mut busy, &frame(b'e', b"")), frame(b'e', b""));
    }
    assert_eq!(read_to_close(&mut idle), b"");
    assert_eq!(read_to_close(&mut partial), b"");
    assert_eq!(exchange(&mut busy, &frame(b'e', b"")), frame(b'e', b""));
}

#[test]
fn a_request_that_waits_is_not_idle() {
    let fixture = Fixture::new(Config { idle: SHORT, ..Config::default() });
    let mut waiting = fixture.connect();
    waiting.write_all(&frame(b'w', b"")).unwrap();
    until(|| fixture.gate.waiting.load(Ordering::SeqCst) == 1);
    let mut idle = fixture.connect();
    assert_eq!(read_to_close(&mut idle), b"", "the deadline has passed");
    fixture.gate.open();
    assert_eq!(read_exactly(&mut waiting, 12), frame(b'w', b""));
}

#[test]
fn a_peer_that_takes_nothing_is_closed() {
    let (fixture, _dir) = Fixture::with_file(Config { write_deadline: SHORT, ..Config::default() }, &noise(16 << 20));
    let mut client = fixture.connect();
    let range = [0_u32.to_be_bytes(), (16_u32 << 20).to_be_bytes()].concat();
    client.write_all(&[frame(b'f', &range), frame(b'f', &range)].concat()).unwrap();
    until(|| fixture.stats().connections_closed.value() == 1);
}

#[test]
fn a_stalled_frame_is_closed_only_while_memory_is_short() {
    let config = Config { budget_bytes: 300 << 10, stall_deadline: SHORT, ..Config::default() };
    let fixture = Fixture::new(config);
    let big = frame(b'e', &noise(1 << 20));
    let mut stalled = fixture.connect();
    stalled.write_all(&big[..1000]).unwrap();
    let mut other = fixture.connect();
    let start = Instant::now();
    while start.elapsed() < 3 * SHORT {
        exchange(&mut other, &frame(b'e', b""));
    }
    assert_eq!(fixture.stats().connections_closed.value(), 0, "memory is not short");

    let mut growing = fixture.connect();
    let (first, rest) = big.split_at(500 << 10);
    growing.write_all(first).unwrap();
    let mut dribbled = 0;
    while fixture.stats().connections_closed.value() == 0 {
        growing.write_all(&rest[dribbled..=dribbled]).unwrap();
        dribbled += 1;
    }
    assert_eq!(read_to_close(&mut stalled), b"");
    let mut writer = growing.try_clone().unwrap();
    let end = rest[dribbled..].to_vec();
    let sender = std::thread::spawn(move || writer.write_all(&end).unwrap());
    assert!(read_exactly(&mut growing, big.len()) == big, "the frame that goes on completes");
    sender.join().unwrap();
}
