//! A client's pen: it numbers operations, looks at the clock and syncs the ledger every 100 ms.

use std::path::Path;
use std::time::{Duration, Instant};

use verdict::{Entry, Event, Kind, Phase, Writer};

const SYNC_EVERY: Duration = Duration::from_millis(100);

/// The clock and the place of all ledgers of a run.
#[derive(Clone)]
pub struct Desk {
    began: Instant,
    ahead: Duration,
    dir: std::path::PathBuf,
}

impl Desk {
    /// Ledgers go to `dir`; time begins now.
    pub fn new(dir: &Path) -> Desk {
        Desk { began: Instant::now(), ahead: Duration::ZERO, dir: dir.to_owned() }
    }

    /// Ledgers are added to `dir` after those of an earlier run, whose clock is behind this one.
    pub fn later(dir: &Path) -> Desk {
        let a_day = Duration::from_secs(86_400);
        Desk { ahead: a_day, ..Desk::new(dir) }
    }

    /// The ledgers of those who are judged apart from the others, by the same clock.
    pub fn beside(&self, dir: &Path) -> Desk {
        Desk { dir: dir.to_owned(), ..self.clone() }
    }

    /// The pen of a client.
    pub fn pen(&self, client: u16) -> Pen {
        let writer = Writer::create(&self.dir.join(format!("client-{client:05}"))).unwrap();
        Pen { writer, began: self.began, ahead: self.ahead, client, operation: 0, synced: Instant::now() }
    }
}

/// Writes one client's ledger.
pub struct Pen {
    writer: Writer,
    began: Instant,
    ahead: Duration,
    client: u16,
    operation: u32,
    synced: Instant,
}

impl Pen {
    /// Whose it is.
    pub fn client(&self) -> u16 {
        self.client
    }

    /// An event of this client, of partition `partition` and a broker.
    pub fn event(&self, kind: Kind, phase: Phase, partition: u32, incarnation: u16) -> Event {
        Event { partition, incarnation, ..Event::new(kind, phase) }
    }

    /// Writes an event down with the time of now. Invocations get the next operation's number.
    pub fn write(&mut self, mut event: Event, entries: &[Entry]) {
        if event.phase == Phase::Invoke {
            self.operation += 1;
        }
        event.time_ns = (self.ahead + self.began.elapsed()).as_nanos() as u64;
        (event.client, event.operation) = (self.client, self.operation);
        self.writer.write(&event, entries).unwrap();
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync();
        }
    }

    /// Makes all of it readable for those who judge.
    pub fn sync(&mut self) {
        self.writer.sync().unwrap();
        self.synced = Instant::now();
    }
}
