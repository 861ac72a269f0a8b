//! Tests over real sockets: a service that understands a few one-letter commands, and blocking clients.

#![expect(clippy::disallowed_types, reason = "the clients of these tests are plain blocking ones")]

mod answers;
mod deadlines;
mod framing;
mod lifecycle;
mod memory;

use std::future::Future;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use host::{Disk, FileSlice, Open};
use tokio::time::Instant;

use crate::wake::Wake;
use crate::{Answer, Config, Frames, LoopStats, Outbox, Server, Service, Turn, bind};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Frames begin with a command letter; answers are frames too.
/// `e`: echo. `n`: no answer. `c`: close. `w`: echo once the gate opens. `o`: open the gate, echo.
/// `f`: a list of (position, length), each answered as bytes of the file between the letters `<` and `>`.
#[derive(Default)]
struct Script {
    gate: Arc<Gate>,
    file: Option<Arc<host::File>>,
}

impl Service for Script {
    type Session = ();

    fn connect(&self, _: SocketAddr, _: usize) {}

    fn turn(&self, (): &mut (), frames: &mut Frames<'_>, outbox: &mut Outbox) -> Turn {
        while let Some(frame) = frames.next() {
            match frame[0] {
                b'e' => echo(outbox, frame),
                b'f' => self.send_file(frame, outbox),
                b'n' => {}
                b'c' => return Turn::Close("asked to".into()),
                b'w' => return Turn::Wait(Box::pin(self.gate.wait(frame.to_vec()))),
                b'o' => {
                    self.gate.open();
                    echo(outbox, frame);
                }
                other => return Turn::Close(format!("unknown command {other}").into()),
            }
        }
        Turn::Done
    }
}

fn echo(outbox: &mut Outbox, frame: &[u8]) {
    outbox.push(
        |out, _| {
            out.extend((frame.len() as u32).to_be_bytes());
            out.extend(frame);
        },
        [],
    );
}

impl Script {
    fn send_file(&self, frame: &[u8], outbox: &mut Outbox) {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        let ranges = frame[8..].chunks_exact(8).map(|c| (number(&c[..4]), number(&c[4..]))).collect::<Vec<_>>();
        let file = self.file.as_ref().expect("the test gave a file");
        let total: u32 = ranges.iter().map(|(_, len)| len + 2).sum();
        outbox.push(
            |out, cuts| {
                out.extend(total.to_be_bytes());
                for &(_, len) in &ranges {
                    out.push(b'<');
                    cuts.push(wire::Cut { at: out.len(), len: len as usize });
                    out.push(b'>');
                }
            },
            ranges.iter().map(|&(at, len)| FileSlice { file: Arc::clone(file), position: u64::from(at), len }),
        );
    }
}

/// What waiting requests wait for.
#[derive(Default)]
struct Gate {
    state: Mutex<(bool, Vec<Wake>)>,
    waiting: AtomicUsize,
    dropped: AtomicUsize,
}

struct AtGate {
    gate: Arc<Gate>,
    frame: Vec<u8>,
    counted: bool,
}

impl Gate {
    fn wait(self: &Arc<Gate>, frame: Vec<u8>) -> AtGate {
        AtGate { gate: Arc::clone(self), frame, counted: false }
    }

    fn open(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 = true;
        state.1.drain(..).for_each(Wake::wake);
    }
}

impl Future for AtGate {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let gate = Arc::clone(&self.gate);
        let mut state = gate.state.lock().unwrap();
        if state.0 {
            let frame = std::mem::take(&mut self.frame);
            return Poll::Ready(Answer::write(move |outbox| echo(outbox, &frame)));
        }
        state.1.push(Wake::of(cx));
        if !std::mem::replace(&mut self.counted, true) {
            gate.waiting.fetch_add(1, Ordering::SeqCst);
        }
        Poll::Pending
    }
}

impl Drop for AtGate {
    fn drop(&mut self) {
        self.gate.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

struct Fixture {
    server: Server,
    gate: Arc<Gate>,
}

impl Fixture {
    fn new(config: Config) -> Fixture {
        Fixture::serving(config, Script::default())
    }

    fn serving(config: Config, script: Script) -> Fixture {
        let gate = Arc::clone(&script.gate);
        let listener = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Fixture { server: Server::start(config, vec![listener], Arc::new(script)).unwrap(), gate }
    }

    /// With a file of these bytes behind the `f` command; the directory must outlive the fixture.
    fn with_file(config: Config, bytes: &[u8]) -> (Fixture, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        Disk::real().write_atomic(&path, bytes).unwrap();
        let file = Some(Arc::new(Disk::real().open(&path, Open::Read).unwrap()));
        (Fixture::serving(config, Script { file, ..Script::default() }), dir)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.server.local_addrs()[0]).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn stats(&self) -> &LoopStats {
        self.server.stats().next().unwrap()
    }
}

/// A frame with its prefix: the command and then `body`, padded to a header's length.
fn frame(command: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![command; 8];
    frame.extend(body);
    [&(frame.len() as u32).to_be_bytes()[..], &frame].concat()
}

fn read_exactly(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// Reads until the server closes; a reset counts as closed.
fn read_to_close(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(e) = stream.read_to_end(&mut bytes) {
        assert_eq!(e.kind(), std::io::ErrorKind::ConnectionReset);
    }
    bytes
}

fn exchange(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).unwrap();
    read_exactly(stream, request.len())
}

/// Waits until something that another thread does is so.
#[track_caller]
fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "it did not come true");
        std::thread::yield_now();
    }
}

/// Bytes that differ everywhere, so that a shifted copy is seen.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}
