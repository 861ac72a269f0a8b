//! What is done to each server.

use record::Compression;

/// How a workload is run.
#[derive(Clone, Copy)]
pub enum Kind {
    /// As fast as it is taken; then, under another name, read as fast as it is given.
    Throughput { also_consumed: Option<&'static str> },
    /// At a fixed pace, each record seen by a consumer.
    Latency { per_second: u64, seconds: u64 },
    /// Written once, then read by so many consumers at once, one number after the other.
    FanOut { consumers: &'static [usize] },
    /// As fast as it is taken, a request for each of so many partitions in turn.
    Partitions { count: i32 },
    /// A broker of its own with so many partitions: from the start of its process to its first answers.
    Start { partitions: usize },
    /// A broker of its own with so many topics of one partition: Metadata.
    Metadata { topics: usize },
}

/// The unit of what a case costs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// CPU seconds per million messages.
    PerMillion,
    /// CPU seconds per 10^9 bytes of values, before they were compressed.
    PerGigabyte,
    /// What the case measures itself, under the name of its unit.
    Own(&'static str),
}

impl Unit {
    /// For the table.
    pub fn name(self) -> &'static str {
        match self {
            Unit::PerMillion => "CPU s/Mmsg",
            Unit::PerGigabyte => "CPU s/GB",
            Unit::Own(name) => name,
        }
    }
}

/// Records of one size in batches of one size, by one producer.
#[derive(Clone, Copy)]
pub struct Workload {
    /// For the table.
    pub name: &'static str,
    /// How it is run.
    pub kind: Kind,
    /// What its figure is told in.
    pub unit: Unit,
    /// Bytes of a value.
    pub value_bytes: usize,
    /// Records of a batch, of which a request has one.
    pub batch_records: usize,
    /// Requests under way.
    pub in_flight: usize,
    /// Requests in all.
    pub requests: u64,
    /// Who has to have a batch before it is acknowledged: -1, 0 or 1.
    pub acks: i16,
    /// What is in the values: bytes by chance where they are not compressed, otherwise what resembles JSON.
    pub compression: Compression,
    /// How often it is run at most, because it takes long.
    pub rounds_max: usize,
}

/// Kafka's default of `max.in.flight.requests.per.connection`.
const IN_FLIGHT: usize = 5;

const fn throughput(name: &'static str, value_bytes: usize, batch_records: usize, records: u64) -> Workload {
    Workload {
        name,
        kind: Kind::Throughput { also_consumed: None },
        unit: if value_bytes < 1024 { Unit::PerMillion } else { Unit::PerGigabyte },
        value_bytes,
        batch_records,
        in_flight: IN_FLIGHT,
        requests: records / batch_records as u64,
        acks: -1,
        compression: Compression::None,
        rounds_max: usize::MAX,
    }
}

const fn latency(name: &'static str, per_second: u64, seconds: u64) -> Workload {
    Workload { kind: Kind::Latency { per_second, seconds }, ..throughput(name, 100, 1, per_second * seconds) }
}

impl Workload {
    const fn then(self, name: &'static str) -> Workload {
        Workload { kind: Kind::Throughput { also_consumed: Some(name) }, ..self }
    }

    const fn acks(self, acks: i16) -> Workload {
        Workload { acks, ..self }
    }

    const fn compressed(self, compression: Compression) -> Workload {
        Workload { compression, ..self }
    }

    const fn rounds_max(self, rounds_max: usize) -> Workload {
        Workload { rounds_max, ..self }
    }

    const fn kind(self, kind: Kind) -> Workload {
        Workload { kind, ..self }
    }

    const fn in_flight(self, in_flight: usize) -> Workload {
        Workload { in_flight, ..self }
    }

    /// Records in all.
    pub fn records(&self) -> u64 {
        self.requests * self.batch_records as u64
    }

    /// Bytes of the values of a batch.
    pub fn bytes_of_batch(&self) -> u64 {
        (self.batch_records * self.value_bytes) as u64
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> u64 {
        self.records() * self.value_bytes as u64
    }

    /// With a tenth of the records, or of what else there are many of.
    pub fn tenth(self) -> Workload {
        let kind = match self.kind {
            Kind::Latency { per_second, .. } => Kind::Latency { per_second, seconds: 1 },
            Kind::Start { partitions } => Kind::Start { partitions: partitions / 10 },
            Kind::Metadata { topics } => Kind::Metadata { topics: topics / 10 },
            other => other,
        };
        Workload { requests: self.requests / 10, kind, ..self }
    }

    /// Whether it is among those that were asked for.
    pub fn is_named(&self, only: &[String]) -> bool {
        let also = match self.kind {
            Kind::Throughput { also_consumed } => also_consumed.unwrap_or(self.name),
            _ => self.name,
        };
        let begins = |name: &String| self.name.starts_with(name.as_str()) || also.starts_with(name.as_str());
        only.is_empty() || only.iter().any(begins)
    }
}

const fn partitions(name: &'static str, count: i32) -> Workload {
    throughput(name, 100, 10, 500_000).kind(Kind::Partitions { count }).rounds_max(3)
}

const fn alone(name: &'static str, kind: Kind) -> Workload {
    throughput(name, 1024, 10, 0).kind(kind).rounds_max(1)
}

/// The suite: what is compared most first, and at the end what takes minutes.
pub const ALL: &[Workload] = &[
    throughput("produce-100-x1000", 100, 1000, 10_000_000).then("consume-100"),
    throughput("produce-100-x150", 100, 150, 5_000_000),
    throughput("produce-1k-x100", 1024, 100, 2_000_000).then("consume-1k"),
    throughput("produce-one", 100, 1, 40_000),
    throughput("produce-one-x100", 100, 1, 60_000).in_flight(100),
    latency("end-to-end", 1_000, 6),
    throughput("produce-lz4", 1024, 100, 1_000_000).compressed(Compression::Lz4).rounds_max(3),
    throughput("produce-zstd", 1024, 100, 1_000_000).compressed(Compression::Zstd).rounds_max(3),
    throughput("produce-10k-x10", 10_240, 10, 200_000).rounds_max(3),
    // What Kafka takes by default is 1 MiB with all that is around a record.
    throughput("produce-1m", 1_000_000, 1, 2_000).rounds_max(3),
    throughput("acks-0", 100, 150, 3_000_000).acks(0).rounds_max(3),
    throughput("acks-1", 100, 150, 3_000_000).acks(1).rounds_max(3),
    throughput("acks-all", 100, 150, 3_000_000).rounds_max(3),
    partitions("partitions-1", 1),
    partitions("partitions-100", 100),
    partitions("partitions-1000", 1_000),
    partitions("partitions-10000", 10_000),
    latency("latency-100", 100, 10).rounds_max(3),
    latency("latency-1000", 1_000, 10).rounds_max(3),
    latency("latency-10000", 10_000, 5).rounds_max(3),
    throughput("fan-out", 1024, 100, 4_900_000).kind(Kind::FanOut { consumers: &[1, 8, 24] }).rounds_max(1),
    alone("start-0", Kind::Start { partitions: 0 }).rounds_max(3),
    alone("start-1000", Kind::Start { partitions: 1_000 }),
    alone("start-10000", Kind::Start { partitions: 10_000 }),
    alone("metadata-10000", Kind::Metadata { topics: 10_000 }),
];
