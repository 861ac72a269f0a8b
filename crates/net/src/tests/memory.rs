//! The budget under real connections.

use super::*;

#[test]
fn large_frames_complete_however_small_the_budget() {
    for loops in [1, 2] {
        let fixture = Fixture::new(Config { loops, budget_bytes: 64 << 10, ..Config::default() });
        let big = frame(b'e', &noise(2 << 20));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let mut client = fixture.connect();
                    let mut writer = client.try_clone().unwrap();
                    scope.spawn({
                        let big = &big;
                        move || writer.write_all(big).unwrap()
                    });
                    assert!(read_exactly(&mut client, big.len()) == big);
                });
            }
        });
    }
}

#[test]
fn small_requests_are_served_while_a_large_one_holds_the_budget() {
    let fixture = Fixture::new(Config { budget_bytes: 1, ..Config::default() });
    let mut large = fixture.connect();
    let big = frame(b'e', &noise(1 << 20));
    large.write_all(&big[..100_000]).unwrap();
    let mut client = fixture.connect();
    let request = frame(b'e', &noise(10_000));
    for split in [2, 100, 5_000] {
        client.write_all(&request[..split]).unwrap();
        let seen = fixture.stats().frames.value();
        client.write_all(&request[split..]).unwrap();
        assert!(read_exactly(&mut client, request.len()) == request);
        assert_eq!(fixture.stats().frames.value(), seen + 1);
    }
}
