//! Answers: their order, waiting, files, slow readers.

use super::*;

#[test]
fn pipelined_requests_are_answered_in_order() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    let all: Vec<u8> = (0..2_000_u32).flat_map(|i| frame(b'e', &i.to_be_bytes())).collect();
    assert!(exchange(&mut client, &all) == all);
    let stats = fixture.stats();
    assert_eq!(stats.frames.value(), 2_000);
    assert_eq!(stats.bytes_in.value(), all.len() as u64);
    // The client may have the bytes before the loop has counted them.
    until(|| stats.bytes_out.value() == all.len() as u64);
}

#[test]
fn requests_without_answer_leave_no_gap() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    client.write_all(&[frame(b'n', b""), frame(b'e', b"x"), frame(b'n', b""), frame(b'c', b"")].concat()).unwrap();
    assert_eq!(read_to_close(&mut client), frame(b'e', b"x"));
}

#[test]
fn a_waiting_answer_holds_back_the_later_ones() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    let requests = [frame(b'e', b"1"), frame(b'w', b"2"), frame(b'e', b"3"), frame(b'w', b"4"), frame(b'e', b"5")];
    let all = requests.concat();
    client.write_all(&all).unwrap();
    assert_eq!(read_exactly(&mut client, requests[0].len()), requests[0], "the first need not wait");
    until(|| fixture.gate.waiting.load(Ordering::SeqCst) == 1);
    assert_eq!(fixture.stats().frames.value(), 2);
    let late = frame(b'e', b"6");
    client.write_all(&late).unwrap();
    fixture.gate.open();
    let rest = [&all[requests[0].len()..], &late].concat();
    assert_eq!(read_exactly(&mut client, rest.len()), rest);
}

#[test]
fn file_ranges_small_and_large_arrive_in_place() {
    let bytes = noise(6 << 20);
    let (fixture, _dir) = Fixture::with_file(Config::default(), &bytes);
    let mut client = fixture.connect();
    let answers: [&[(u32, u32)]; 6] = [
        &[(0, 10)],
        &[(5, 100), (200, 3), (0, 0), (9, 32 << 10)],
        &[(1, 5 << 20)],
        &[(7, 40_000), (3, 8), (100_000, 70_000), (11, 0), (2, 1)],
        &[(6 << 19, 3 << 20), (0, 3 << 20)],
        &[],
    ];
    let mut want = Vec::new();
    let mut by_sendfile = 0;
    for ranges in answers {
        let body: Vec<u8> =
            ranges.iter().flat_map(|&(at, len)| [at.to_be_bytes(), len.to_be_bytes()].concat()).collect();
        client.write_all(&frame(b'f', &body)).unwrap();
        want.extend(ranges.iter().map(|(_, len)| len + 2).sum::<u32>().to_be_bytes());
        for &(at, len) in ranges {
            want.push(b'<');
            want.extend(&bytes[at as usize..][..len as usize]);
            want.push(b'>');
            by_sendfile += if len > 32 << 10 { u64::from(len) } else { 0 };
        }
    }
    assert!(read_exactly(&mut client, want.len()) == want, "the answers differ from the file");
    until(|| fixture.stats().bytes_out.value() == want.len() as u64);
    assert_eq!(fixture.stats().bytes_by_sendfile.value(), by_sendfile);
}

#[test]
fn a_file_shorter_than_promised_closes() {
    let bytes = noise(100_000);
    let (fixture, _dir) = Fixture::with_file(Config::default(), &bytes);
    for len in [50_u32, 90_000] {
        let mut client = fixture.connect();
        let request = [20_000_u32.to_be_bytes(), len.to_be_bytes()].concat();
        let at_end = [99_990_u32.to_be_bytes(), len.to_be_bytes()].concat();
        client.write_all(&[frame(b'e', b""), frame(b'f', &if len == 50 { at_end } else { request })].concat()).unwrap();
        assert!(read_to_close(&mut client).len() < 90_000);
    }
}

#[test]
fn what_is_not_in_the_page_cache_is_read_first_and_arrives_the_same() {
    let bytes = noise(8 << 20);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    Disk::real().write_atomic(&path, &bytes).unwrap();
    let file = Arc::new(Disk::real().open(&path, Open::Read).unwrap());
    rustix::fs::fadvise(file.fd().unwrap(), 0, None, rustix::fs::Advice::DontNeed).unwrap();
    if file.is_cached(0, 8 << 20) {
        return;
    }
    let fixture = Fixture::serving(Config::default(), Script { file: Some(file), ..Script::default() });
    let mut client = fixture.connect();
    for (at, len) in [(7 << 20, 100_u32), (3, 7 << 20), (5, 7 << 20)] {
        client.write_all(&frame(b'f', &[u32::to_be_bytes(at), len.to_be_bytes()].concat())).unwrap();
        let answer = read_exactly(&mut client, len as usize + 6);
        assert!(answer[5..][..len as usize] == bytes[at as usize..][..len as usize]);
    }
    let cold = fixture.stats().bytes_cold.value();
    assert!((1 << 20..8 << 20).contains(&cold), "{cold} bytes of 8 MiB were read from the disk");
}

#[test]
fn a_slow_reader_gets_everything_and_disturbs_nobody() {
    let bytes = noise(32 << 20);
    let (fixture, _dir) = Fixture::with_file(Config::default(), &bytes);
    let mut slow = fixture.connect();
    let range = [0_u32.to_be_bytes(), (32_u32 << 20).to_be_bytes()].concat();
    slow.write_all(&frame(b'f', &range)).unwrap();
    until(|| fixture.stats().bytes_by_sendfile.value() > 0);
    let mut other = fixture.connect();
    assert_eq!(exchange(&mut other, &frame(b'e', b"hello")), frame(b'e', b"hello"));
    assert!(fixture.stats().bytes_out.value() < 32 << 20, "the kernel cannot hold it all");
    let mut got: Vec<u8> = Vec::new();
    while got.len() < bytes.len() + 6 {
        let mut piece = [0; 100_000];
        let n = slow.read(&mut piece).unwrap();
        assert!(n > 0);
        got.extend(&piece[..n]);
    }
    assert!(got[5..got.len() - 1] == bytes);
}

#[test]
fn no_frame_is_handed_out_while_answers_wait() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    let mut writer = client.try_clone().unwrap();
    let all: Vec<u8> = (0..400).flat_map(|i| frame(b'e', &noise(60_000 + i))).collect();
    let sent = all.clone();
    let sender = std::thread::spawn(move || writer.write_all(&sent).unwrap());
    // The sender cannot finish before something is read: neither side's memory holds 24 MB.
    assert!(read_exactly(&mut client, all.len()) == all);
    sender.join().unwrap();
}

#[test]
fn a_peer_that_leaves_drops_what_it_waits_for() {
    for behind in [vec![], frame(b'e', b"pipelined"), vec![0, 0, 0]] {
        // Nothing tells a peer that has closed from one that has only finished sending, but time.
        let fixture = Fixture::new(Config { write_deadline: Duration::from_millis(100), ..Config::default() });
        let mut client = fixture.connect();
        client.write_all(&frame(b'w', b"")).unwrap();
        until(|| fixture.gate.waiting.load(Ordering::SeqCst) == 1);
        client.write_all(&behind).unwrap();
        assert_eq!(fixture.gate.dropped.load(Ordering::SeqCst), 0);
        drop(client);
        until(|| fixture.gate.dropped.load(Ordering::SeqCst) == 1);
        until(|| fixture.stats().connections_closed.value() == 1);
    }
}

#[test]
fn a_peer_that_has_finished_sending_gets_its_answer() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    client.write_all(&[frame(b'w', b"waits"), frame(b'e', b"pipelined")].concat()).unwrap();
    until(|| fixture.gate.waiting.load(Ordering::SeqCst) == 1);
    client.shutdown(std::net::Shutdown::Write).unwrap();
    // Another connection's round trip gives the loop the event of the end first.
    assert_eq!(exchange(&mut fixture.connect(), &frame(b'e', b"")), frame(b'e', b""));
    fixture.gate.open();
    assert_eq!(read_to_close(&mut client), [frame(b'w', b"waits"), frame(b'e', b"pipelined")].concat());
}

#[test]
fn what_arrives_while_waiting_is_read_afterwards() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    client.write_all(&frame(b'w', b"first")).unwrap();
    until(|| fixture.gate.waiting.load(Ordering::SeqCst) == 1);
    let late = frame(b'e', &noise(1 << 20));
    let mut writer = client.try_clone().unwrap();
    let sent = late.clone();
    let sender = std::thread::spawn(move || writer.write_all(&sent).unwrap());
    // Another connection's round trip gives the loop the event of the late bytes first.
    assert_eq!(exchange(&mut fixture.connect(), &frame(b'e', b"")), frame(b'e', b""));
    fixture.gate.open();
    let want = [frame(b'w', b"first"), late].concat();
    assert!(read_exactly(&mut client, want.len()) == want);
    sender.join().unwrap();
}
