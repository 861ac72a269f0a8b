//! What clients write down: events of 64 bytes, little-endian, some followed by entries of 32 bytes.
//!
//! | bytes | field | | bytes | field |
//! |---|---|---|---|---|
//! | 0..8 | time, ns on one monotonic clock | | 48..52 | count of entries or records |
//! | 8..16 | value | | 52..54 | client |
//! | 16..24 | offset | | 54..56 | Kafka's error code |
//! | 24..32 | aux | | 56..58 | incarnation of the broker |
//! | 32..36 | operation | | 58..60 | producer epoch |
//! | 36..40 | partition | | 60 | kind |
//! | 40..44 | sequence | | 61 | phase |
//! | 44..48 | leader epoch | | 62, 63 | flags, version |
//!
//! Entries follow the invocation of a send (what each record is) and the answer of a poll or a final read (what came).

/// Bytes of an event.
pub const EVENT_LEN: usize = 64;
/// Bytes of an entry.
pub const ENTRY_LEN: usize = 32;
/// The layout's version, the last byte of every event.
const VERSION: u8 = 1;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A batch is produced. `value` is its first, the others count up; `aux` is the producer id or -1; `sequence` is the
    /// batch's. The invocation is followed by an entry per record, the answer has the base offset (-1 when it is not told).
    Send = 1,
    /// Records are read from `offset` on. `aux` of the answer is the high watermark; its entries are the records.
    Poll = 2,
    /// `aux` is asked for: a timestamp, -1 for the end, -2 for the start, -3 for the largest timestamp. The answer's `offset`
    /// is -1 when there is none, its `value` is the timestamp found.
    ListOffsets = 3,
    /// Records before `offset` are deleted, -1 for all; the answer has the new start.
    DeleteRecords = 4,
    /// The partition's topic is deleted.
    DeleteTopic = 5,
    /// The partition's topic is created.
    CreateTopic = 6,
    /// The partition's leader epoch was told.
    Metadata = 7,
    /// A broker is started; `incarnation` is its number, and in the answer `aux` is how long that took, in ns.
    Start = 8,
    /// The broker of this incarnation is killed: its process ends, the page cache stays.
    Kill = 9,
    /// The machine of this incarnation's broker loses power: what was not synced goes. From the invocation on nothing that
    /// the broker says is evidence.
    PowerCut = 10,
    /// A fault is armed (invoked) or over (ok).
    Fault = 11,
    /// A partition is read when all is over, from its start in `offset` to its end in `aux`. Long ones are several events.
    FinalRead = 12,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// It begins.
    Invoke = 1,
    /// It happened.
    Ok = 2,
    /// It did not and never will.
    Fail = 3,
    /// Nobody knows: it may have happened, it may still.
    Info = 4,
}

/// Bits of [`Event::flags`].
pub mod flags {
    /// The send asked for the acknowledgement of all replicas.
    pub const ACKS_ALL: u8 = 1;
    /// The consumer chose a new position: this poll need not follow its last one.
    pub const RESET: u8 = 2;
    /// A batch of the answer failed its checksum at the client, which dropped it; `offset` is the batch's.
    pub const BAD_CHECKSUM: u8 = 4;
}

/// One thing that a client did or was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in ns on a clock that all ledgers of a run share.
    pub time_ns: u64,
    /// What it is about.
    pub kind: Kind,
    /// How far it has come.
    pub phase: Phase,
    /// Who.
    pub client: u16,
    /// Which operation of the client; the answer has its invocation's.
    pub operation: u32,
    /// Which partition, of which incarnation of a topic: no two share a number.
    pub partition: u32,
    /// See [`Kind`].
    pub offset: i64,
    /// `(client: 16, counter: 48)` of a record that only one client ever sends once.
    pub value: u64,
    /// See [`Kind`].
    pub aux: i64,
    /// The base sequence of an idempotent send, else -1.
    pub sequence: i32,
    /// The partition's leader epoch as told, else -1.
    pub leader_epoch: i32,
    /// How many records are sent, or entries follow.
    pub count: u32,
    /// Kafka's error code.
    pub error: i16,
    /// The broker that was asked: 0 is the first, each start counts one up.
    pub incarnation: u16,
    /// The epoch of the producer id, else -1.
    pub producer_epoch: i16,
    /// See [`flags`].
    pub flags: u8,
}

impl Event {
    /// An event with nothing but its kind and phase; -1 where that says "none".
    pub const fn new(kind: Kind, phase: Phase) -> Event {
        Event {
            time_ns: 0,
            kind,
            phase,
            client: 0,
            operation: 0,
            partition: 0,
            offset: -1,
            value: 0,
            aux: -1,
            sequence: -1,
            leader_epoch: -1,
            count: 0,
            error: 0,
            incarnation: 0,
            producer_epoch: -1,
            flags: 0,
        }
    }

    /// How many entries follow it in the ledger.
    pub fn entries(&self) -> usize {
        let lists = match self.kind {
            Kind::Send => self.phase == Phase::Invoke,
            Kind::Poll | Kind::FinalRead => self.phase == Phase::Ok,
            _ => false,
        };
        if lists { self.count as usize } else { 0 }
    }

    /// Whether a bit of [`flags`] is set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The bytes of it.
    pub fn encode(&self) -> [u8; EVENT_LEN] {
        let mut bytes = [0; EVENT_LEN];
        bytes[..8].copy_from_slice(&self.time_ns.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.value.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.offset.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.aux.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.operation.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.partition.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[44..48].copy_from_slice(&self.leader_epoch.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.count.to_le_bytes());
        bytes[52..54].copy_from_slice(&self.client.to_le_bytes());
        bytes[54..56].copy_from_slice(&self.error.to_le_bytes());
        bytes[56..58].copy_from_slice(&self.incarnation.to_le_bytes());
        bytes[58..60].copy_from_slice(&self.producer_epoch.to_le_bytes());
        bytes[60..].copy_from_slice(&[self.kind as u8, self.phase as u8, self.flags, VERSION]);
        bytes
    }

    /// None when these are no bytes of an event.
    pub fn decode(bytes: &[u8; EVENT_LEN]) -> Option<Event> {
        if bytes[63] != VERSION {
            return None;
        }
        Some(Event {
            time_ns: u64::from_le_bytes(part(bytes, 0)),
            value: u64::from_le_bytes(part(bytes, 8)),
            offset: i64::from_le_bytes(part(bytes, 16)),
            aux: i64::from_le_bytes(part(bytes, 24)),
            operation: u32::from_le_bytes(part(bytes, 32)),
            partition: u32::from_le_bytes(part(bytes, 36)),
            sequence: i32::from_le_bytes(part(bytes, 40)),
            leader_epoch: i32::from_le_bytes(part(bytes, 44)),
            count: u32::from_le_bytes(part(bytes, 48)),
            client: u16::from_le_bytes(part(bytes, 52)),
            error: i16::from_le_bytes(part(bytes, 54)),
            incarnation: u16::from_le_bytes(part(bytes, 56)),
            producer_epoch: i16::from_le_bytes(part(bytes, 58)),
            kind: kind(bytes[60])?,
            phase: phase(bytes[61])?,
            flags: bytes[62],
        })
    }
}

/// One record of a send, a poll or a final read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it was read; its place in the batch when it is sent.
    pub offset: i64,
    /// `(client: 16, counter: 48)`.
    pub value: u64,
    /// The record's timestamp, ms.
    pub timestamp: i64,
    /// A checksum over key, value, headers, timestamp and topic, computed by the client from what it sent or received.
    pub checksum: u32,
    /// A hash of the topic, partition, client and counter that the record says it has.
    pub identity: u32,
}

impl Entry {
    /// The bytes of it.
    pub fn encode(&self) -> [u8; ENTRY_LEN] {
        let mut bytes = [0; ENTRY_LEN];
        bytes[..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.value.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.timestamp.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.checksum.to_le_bytes());
        bytes[28..].copy_from_slice(&self.identity.to_le_bytes());
        bytes
    }

    /// The entry of these bytes.
    pub fn decode(bytes: &[u8; ENTRY_LEN]) -> Entry {
        Entry {
            offset: i64::from_le_bytes(part(bytes, 0)),
            value: u64::from_le_bytes(part(bytes, 8)),
            timestamp: i64::from_le_bytes(part(bytes, 16)),
            checksum: u32::from_le_bytes(part(bytes, 24)),
            identity: u32::from_le_bytes(part(bytes, 28)),
        }
    }
}

/// The client of a value.
pub fn client_of(value: u64) -> u16 {
    (value >> 48) as u16
}

/// The counter of a value.
pub fn counter_of(value: u64) -> u64 {
    value & 0xffff_ffff_ffff
}

/// The value of a client's record number `counter`, which has 48 bits.
pub fn value_of(client: u16, counter: u64) -> u64 {
    u64::from(client) << 48 | counter
}

fn part<const N: usize, const M: usize>(bytes: &[u8; M], at: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[at + index])
}

fn kind(byte: u8) -> Option<Kind> {
    use Kind::*;
    let all = [
        Send,
        Poll,
        ListOffsets,
        DeleteRecords,
        DeleteTopic,
        CreateTopic,
        Metadata,
        Start,
        Kill,
        PowerCut,
        Fault,
        FinalRead,
    ];
    all.into_iter().find(|kind| *kind as u8 == byte)
}

fn phase(byte: u8) -> Option<Phase> {
    [Phase::Invoke, Phase::Ok, Phase::Fail, Phase::Info].into_iter().find(|phase| *phase as u8 == byte)
}
