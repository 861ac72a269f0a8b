//! Peers that are slow do not keep others out.

use std::io::Write as _;
use std::net::TcpStream;

use super::*;

/// More than the buffers of sockets take.
const LARGE: usize = 32 << 20;

fn server() -> HttpServer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let handler: Handler = Arc::new(|path| {
        Box::pin(async move {
            match path.as_str() {
                "/large" => Reply::text(200, "x".repeat(LARGE)),
                _ => Reply::text(200, "fine"),
            }
        })
    });
    HttpServer::start(listener, handler).unwrap()
}

fn connections(server: &HttpServer, said: &str) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(server.local_addr()).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream
    };
    (0..CONNECTIONS_MAX).map(connect).collect()
}

#[test]
fn a_peer_that_says_nothing_makes_room_for_another() {
    let server = server();
    let silent = connections(&server, "GET /hea");
    let answer = get(server.local_addr(), "/health", READ_DEADLINE).unwrap();
    assert_eq!(answer, (200, "fine".to_owned()));
    drop(silent);
}

#[test]
fn peers_that_do_not_take_their_answers_leave_the_others_theirs() {
    let server = server();
    let mut slow = connections(&server, "GET /large HTTP/1.1\r\n\r\n");
    let answer = get(server.local_addr(), "/health", WRITE_DEADLINE).unwrap();
    assert_eq!(answer, (200, "fine".to_owned()));
    let mut starts = Vec::new();
    for stream in &mut slow {
        stream.set_read_timeout(Some(WRITE_DEADLINE)).unwrap();
        let mut status = [0; 12];
        io::Read::read_exact(stream, &mut status).unwrap();
        starts.push(String::from_utf8_lossy(&status[9..]).into_owned());
    }
    assert_eq!(starts.iter().filter(|status| *status == "200").count(), LARGE_MAX);
    assert_eq!(starts.iter().filter(|status| *status == "503").count(), CONNECTIONS_MAX - LARGE_MAX);
}
