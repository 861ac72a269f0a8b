//! A small HTTP/1.1 server for operators: GET and HEAD, one answer a connection, on a thread and a runtime of its own, so
//! that nothing which happens here delays a loop.
//!
//! Bounded in every direction: connections at one time, bytes of a request, time for a request and for its answer.

#![expect(clippy::disallowed_types, reason = "this module is part of the door to the network")]

mod request;

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use request::Request;

/// Connections at one time. A further one takes the place of a peer that keeps the server waiting.
const CONNECTIONS_MAX: usize = 16;
/// A peer that has not sent all of its request after this long keeps the server waiting.
const SILENT_AFTER: Duration = Duration::from_millis(250);
/// A peer that did not take all of its answer for this long keeps the server waiting.
const SLOW_AFTER: Duration = Duration::from_secs(1);
/// From one look for a place to the next, where all are taken.
const PAUSE_WITHOUT_SEAT: Duration = Duration::from_millis(20);
/// An answer of more bytes than this is one of few.
const LARGE_BYTES: usize = 64 << 10;
/// Large answers at one time: what peers do not take stays in memory.
const LARGE_MAX: usize = 4;
/// A request whose head is longer is refused.
const HEAD_BYTES_MAX: usize = 8 << 10;
/// For a request to arrive.
const READ_DEADLINE: Duration = Duration::from_secs(5);
/// For an answer to leave.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// After an accept that failed, so that failing does not keep a core busy.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status, 200 for example.
    pub status: u16,
    /// Of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Reply {
        Reply { status, content_type: "text/plain; charset=utf-8", body: text.into().into_bytes() }
    }
}

/// Answers a GET of a path, which has no query.
pub type Handler = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// The running server; dropping it ends it.
#[derive(Debug)]
pub struct HttpServer {
    local_addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl HttpServer {
    /// Answers on `listener` (see [`bind`](crate::bind)) until it is dropped.
    ///
    /// # Errors
    /// When a thread, a runtime or the listener cannot be had.
    pub fn start(listener: TcpListener, handler: Handler) -> io::Result<HttpServer> {
        let local_addr = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("http".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept_forever(listener, handler) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(HttpServer { local_addr, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that answers HTTP had panicked");
        }
    }
}

/// What a connection waits for.
#[derive(Clone, Copy)]
enum Phase {
    /// The peer's request, since then.
    Head(Instant),
    /// The answer to be made.
    Answer,
    /// The peer, since then, to take the answer.
    Taking(Instant),
}

/// A connection that is served.
struct Seat {
    phase: Arc<Mutex<Phase>>,
    task: JoinHandle<()>,
}

impl Seat {
    /// Whether the peer keeps the server waiting, which is no reason to have others wait.
    fn is_slow(&self) -> bool {
        match *self.phase.lock().unwrap_or_else(PoisonError::into_inner) {
            Phase::Head(since) => since.elapsed() >= SILENT_AFTER,
            Phase::Answer => false,
            Phase::Taking(since) => since.elapsed() >= SLOW_AFTER,
        }
    }
}

/// Waits for a place among `seats`, which are in order of age.
async fn make_room(seats: &mut Vec<Seat>) {
    loop {
        seats.retain(|seat| !seat.task.is_finished());
        if seats.len() < CONNECTIONS_MAX {
            return;
        }
        match seats.iter().position(Seat::is_slow) {
            Some(slow) => seats.remove(slow).task.abort(),
            None => tokio::time::sleep(PAUSE_WITHOUT_SEAT).await,
        }
    }
}

async fn accept_forever(listener: tokio::net::TcpListener, handler: Handler) {
    let (mut seats, large) = (Vec::new(), Arc::new(Semaphore::new(LARGE_MAX)));
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                make_room(&mut seats).await;
                let (handler, large) = (Arc::clone(&handler), Arc::clone(&large));
                let phase = Arc::new(Mutex::new(Phase::Head(Instant::now())));
                let of_task = Arc::clone(&phase);
                let task = tokio::spawn(async move {
                    if let Err(error) = serve(stream, &handler, &large, &of_task).await {
                        tracing::debug!(%peer, %error, "an HTTP connection ended");
                    }
                });
                seats.push(Seat { phase, task });
            }
            Err(error) => {
                tracing::debug!(%error, "an HTTP connection could not be accepted");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
}

async fn serve(mut stream: TcpStream, handler: &Handler, large: &Semaphore, phase: &Mutex<Phase>) -> io::Result<()> {
    let enter = |next| *phase.lock().unwrap_or_else(PoisonError::into_inner) = next;
    let mut head = Vec::new();
    let request = timeout(READ_DEADLINE, read(&mut stream, &mut head)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    enter(Phase::Answer);
    let (mut reply, with_body) = match request {
        Request::Get { path } => (handler(path).await, true),
        Request::Head { path } => (handler(path).await, false),
        Request::OtherMethod => (Reply::text(405, "only GET and HEAD\n"), true),
        Request::TooLong => (Reply::text(431, "the request is too long\n"), true),
        Request::Bad => (Reply::text(400, "not an HTTP/1.1 request\n"), true),
    };
    let permit = (reply.body.len() > LARGE_BYTES).then(|| large.try_acquire());
    if matches!(permit, Some(Err(_))) {
        reply = Reply::text(503, "too many large answers are being taken\n");
    }
    enter(Phase::Taking(Instant::now()));
    timeout(WRITE_DEADLINE, write(&mut stream, &reply, with_body)).await.map_err(|_| io::ErrorKind::TimedOut)?
}

async fn read(stream: &mut TcpStream, head: &mut Vec<u8>) -> io::Result<Request> {
    let mut chunk = [0; 1024];
    loop {
        if let Some(request) = request::parse(head) {
            return Ok(request);
        }
        if head.len() > HEAD_BYTES_MAX {
            return Ok(Request::TooLong);
        }
        match stream.read(&mut chunk).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => head.extend_from_slice(&chunk[..n]),
        }
    }
}

async fn write(stream: &mut TcpStream, reply: &Reply, with_body: bool) -> io::Result<()> {
    let allow = if reply.status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{allow}Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        reply.status,
        reason(reply.status),
        reply.content_type,
        reply.body.len(),
    );
    stream.write_all(head.as_bytes()).await?;
    if with_body {
        stream.write_all(&reply.body).await?;
    }
    stream.shutdown().await
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    }
}

/// Asks another such server: the status and the body of its answer. Blocks; at most `deadline` passes for each step.
///
/// # Errors
/// Nobody answers, or what answers is not HTTP.
pub fn get(addr: SocketAddr, path: &str, deadline: Duration) -> io::Result<(u16, String)> {
    let mut stream = std::net::TcpStream::connect_timeout(&addr, deadline)?;
    stream.set_read_timeout(Some(deadline))?;
    stream.set_write_timeout(Some(deadline))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    io::Write::write_all(&mut stream, request.as_bytes())?;
    let mut answer = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(&mut stream, ANSWER_BYTES_MAX), &mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}

/// More of an answer is not read by [`get`].
const ANSWER_BYTES_MAX: u64 = 64 << 20;

#[cfg(test)]
mod tests;
