//! A proxy that knows where requests and answers begin, and does harm to Produce requests when its seed says so.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;

const PRODUCE: i16 = 0;
/// Produce requests that may be under way on a connection.
const PIPELINED_MAX: usize = 64;

/// What is done about a Produce request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends, and the broker never sees the request.
    Lost,
    /// The broker stores the batches, and the connection ends before the answer.
    Unanswered,
    /// The connection ends, and the request reaches the broker on the old connection, once the client has come back.
    Late,
    /// The connection stays open, and nothing comes any more.
    Silent,
}

const RANDOM: [Fault; 3] = [Fault::Lost, Fault::Unanswered, Fault::Late];

/// Which requests are harmed, and how often.
pub struct Faults {
    seed: u64,
    one_in: u64,
    left: u32,
    always: Option<Fault>,
    /// Those that were done.
    pub done: Vec<Fault>,
}

impl Faults {
    /// `count` faults that the seed chooses, one in so many requests.
    pub fn seeded(seed: u64, one_in: u64, count: u32) -> Faults {
        Faults { seed, one_in, left: count, always: None, done: Vec::new() }
    }

    /// Always the same.
    pub fn always(fault: Fault) -> Faults {
        Faults { always: Some(fault), ..Faults::seeded(0, 1, u32::MAX) }
    }

    fn next(&mut self) -> Option<Fault> {
        if self.left == 0 || !self.random().is_multiple_of(self.one_in) {
            return None;
        }
        self.left -= 1;
        let at = (self.random() % RANDOM.len() as u64) as usize;
        let fault = self.always.unwrap_or(RANDOM[at]);
        self.done.push(fault);
        Some(fault)
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Listens on a port of its own, for a broker that is named later.
pub struct Proxy {
    listener: TcpListener,
}

impl Proxy {
    pub fn bind() -> Proxy {
        Proxy { listener: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// Serves in the background, as long as the test runs.
    pub fn serve(self, broker: &str, faults: Faults) -> Arc<Mutex<Faults>> {
        let faults = Arc::new(Mutex::new(faults));
        let (broker, shared) = (broker.to_owned(), Arc::clone(&faults));
        thread::spawn(move || {
            let arrivals = Arc::new(Arrivals::default());
            for stream in self.listener.incoming() {
                let (client, broker, faults) = (stream.unwrap(), broker.clone(), Arc::clone(&shared));
                let (number, arrivals) = (arrivals.one_more(), Arc::clone(&arrivals));
                let later = move || arrivals.await_after(number);
                // A connection that ends is what this is for.
                thread::spawn(move || drop(carry(&client, &broker, &faults, &later)));
            }
        });
        faults
    }
}

/// How many connections came.
#[derive(Default)]
struct Arrivals(Mutex<u64>, Condvar);

impl Arrivals {
    fn one_more(&self) -> u64 {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        self.1.notify_all();
        *count
    }

    fn await_after(&self, number: u64) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |count| *count <= number).unwrap());
    }
}

/// Carries requests, until one is harmed or a side is gone.
fn carry(client: &TcpStream, broker: &str, faults: &Mutex<Faults>, later: &dyn Fn()) -> io::Result<()> {
    let broker = TcpStream::connect(broker)?;
    client.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let (sent, awaited) = mpsc::sync_channel(PIPELINED_MAX);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = answers(&broker, client, awaited);
            let _ = client.shutdown(Shutdown::Both);
        });
        let ended = requests(client, &broker, faults, &sent, later);
        drop(sent);
        ended
    })
}

fn requests(
    mut client: &TcpStream,
    mut broker: &TcpStream,
    faults: &Mutex<Faults>,
    sent: &mpsc::SyncSender<Option<Fault>>,
    later: &dyn Fn(),
) -> io::Result<()> {
    loop {
        let frame = frame(&mut client)?;
        let is_produce = frame[4..6] == PRODUCE.to_be_bytes();
        let fault = if is_produce { faults.lock().unwrap().next() } else { None };
        match fault {
            Some(Fault::Lost) => {
                broker.shutdown(Shutdown::Both)?;
                return client.shutdown(Shutdown::Both);
            }
            Some(Fault::Late) => {
                client.shutdown(Shutdown::Both)?;
                later();
                return broker.write_all(&frame);
            }
            _ => {}
        }
        if sent.send(fault).is_err() {
            return Ok(());
        }
        broker.write_all(&frame)?;
    }
}

fn answers(mut broker: &TcpStream, mut client: &TcpStream, awaited: mpsc::Receiver<Option<Fault>>) -> io::Result<()> {
    for fault in awaited {
        let frame = frame(&mut broker)?;
        match fault {
            Some(Fault::Unanswered) => return Ok(()),
            Some(Fault::Silent) => continue,
            _ => {}
        }
        client.write_all(&frame)?;
    }
    Ok(())
}

/// One frame, its size included.
fn frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut size = [0; 4];
    from.read_exact(&mut size)?;
    let mut frame = size.to_vec();
    let len = u64::from(u32::from_be_bytes(size));
    if from.take(len).read_to_end(&mut frame)? as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(frame)
}
