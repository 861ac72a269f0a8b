//! The batches of a segment.

use std::io::{self, Read, Write};

use client::Offset;
use record::{Batch, BatchError, BatchHeader, Compression, HEADER_LEN, Limits, ProducerId, Record, RecordError};
use serde_json::{Map, Value, json};

use super::Damage;
use crate::text::{insert_bytes, time};

/// Writes all batches. Behind a batch with a wrong checksum the file is read on, as its length may still be right; the
/// first damage is returned.
pub fn dump(input: impl Read, len: u64, records: bool, json: bool, out: &mut impl Write) -> io::Result<Option<Damage>> {
    let mut segment = Segment { input, position: 0, len, bytes: Vec::new() };
    let mut printer = Printer { json, records, scratch: Vec::new() };
    if !json {
        printer.write_head(out)?;
    }
    let (mut damage, mut next_offset) = (None, Offset(i64::MIN));
    loop {
        let position = segment.position;
        match segment.next()? {
            Ok(None) => return Ok(damage),
            Ok(Some(batch)) => {
                let verdict = Verdict::of(&batch, next_offset, &mut printer.scratch);
                next_offset = batch.header().next_offset();
                printer.write_batch(out, position, &batch, &verdict)?;
                damage = damage.or(verdict.reason.map(|reason| Damage { position, reason }));
            }
            Err(error) => return Ok(damage.or(Some(Damage { position, reason: error.to_string() }))),
        }
    }
}

/// A segment that is read batch by batch.
struct Segment<R> {
    input: R,
    position: u64,
    len: u64,
    bytes: Vec<u8>,
}

impl<R: Read> Segment<R> {
    /// The next batch, not checked but for its length; `None` at the end of the file.
    fn next(&mut self) -> io::Result<Result<Option<Batch<'_>>, BatchError>> {
        let present = self.len.saturating_sub(self.position);
        self.bytes.clear();
        self.read_up_to(HEADER_LEN as u64)?;
        if self.bytes.is_empty() {
            return Ok(Ok(None));
        }
        if let Some(header) = self.bytes.first_chunk() {
            // Bounded by what the file has, whatever the header says.
            self.read_up_to((BatchHeader::decode(header).total_len() as u64).min(present))?;
        }
        let parsed = Batch::parse(&self.bytes);
        if let Ok(batch) = &parsed {
            self.position += batch.bytes().len() as u64;
        }
        Ok(parsed.map(Some))
    }

    fn read_up_to(&mut self, len: u64) -> io::Result<()> {
        let missing = len.saturating_sub(self.bytes.len() as u64);
        (&mut self.input).take(missing).read_to_end(&mut self.bytes).map(|_| ())
    }
}

/// Whether a batch is sound.
struct Verdict {
    crc_ok: bool,
    reason: Option<String>,
}

impl Verdict {
    fn of(batch: &Batch<'_>, next_offset: Offset, scratch: &mut Vec<u8>) -> Verdict {
        let crc_ok = batch.crc_ok();
        let base_offset = batch.header().base_offset;
        let reason = if !crc_ok {
            Some("the checksum does not fit".to_owned())
        } else if base_offset < next_offset {
            Some(format!("offset {base_offset} comes where {next_offset} or a later one is expected"))
        } else {
            check_records(batch, scratch).err().map(|error| error.to_string())
        };
        Verdict { crc_ok, reason }
    }
}

fn check_records(batch: &Batch<'_>, scratch: &mut Vec<u8>) -> Result<(), RecordError> {
    batch.records(&Limits::default(), scratch)?.try_for_each(|record| record.map(|_| ()))
}

struct Printer {
    json: bool,
    records: bool,
    scratch: Vec<u8>,
}

impl Printer {
    fn write_head(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{:>12} {:>12} {:>12} {:>9} {:>7} {:<7} {:<24} {:>5} {:<22} CRC",
            "FIRST", "LAST", "POSITION", "SIZE", "RECORDS", "CODEC", "MAX TIMESTAMP", "EPOCH", "PRODUCER"
        )
    }

    fn write_batch(
        &mut self,
        out: &mut impl Write,
        position: u64,
        batch: &Batch<'_>,
        verdict: &Verdict,
    ) -> io::Result<()> {
        if self.json {
            return self.write_json(out, position, batch, verdict);
        }
        let header = batch.header();
        writeln!(
            out,
            "{:>12} {:>12} {:>12} {:>9} {:>7} {:<7} {:<24} {:>5} {:<22} {}{}",
            header.base_offset,
            header.last_offset(),
            position,
            header.total_len(),
            header.record_count,
            codec(header),
            time(header.max_timestamp),
            header.partition_leader_epoch,
            producer(header),
            if verdict.crc_ok { "ok" } else { "WRONG" },
            flags(header),
        )?;
        if !self.records {
            return Ok(());
        }
        for record in batch.records(&Limits::default(), &mut self.scratch).into_iter().flatten() {
            match record {
                Ok(record) => write_record(out, &record)?,
                // The verdict says it.
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn write_json(
        &mut self,
        out: &mut impl Write,
        position: u64,
        batch: &Batch<'_>,
        verdict: &Verdict,
    ) -> io::Result<()> {
        let mut object = header_json(position, batch.header(), verdict);
        if self.records {
            let records = batch.records(&Limits::default(), &mut self.scratch).into_iter().flatten();
            object["records"] = records.map_while(Result::ok).map(|record| record_json(&record)).collect();
        }
        writeln!(out, "{object}")
    }
}

fn codec(header: &BatchHeader) -> String {
    header.attributes.compression().map_or_else(|id| format!("codec {id}"), |codec| codec.name().to_owned())
}

/// Id, epoch and sequence numbers of an idempotent producer.
fn producer(header: &BatchHeader) -> String {
    match header.producer_id {
        ProducerId::NONE => "-".to_owned(),
        id => format!("{id}/{} {}-{}", header.producer_epoch, header.base_sequence, header.last_sequence()),
    }
}

fn flags(header: &BatchHeader) -> String {
    let attributes = header.attributes;
    let flags = [
        (attributes.is_transactional(), " transactional"),
        (attributes.is_control(), " control"),
        (attributes.is_log_append_time(), " append-time"),
        (attributes.has_delete_horizon(), " delete-horizon"),
    ];
    flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect()
}

fn write_record(out: &mut impl Write, record: &Record<'_>) -> io::Result<()> {
    let text = |bytes: Option<&[u8]>| bytes.map_or("null".to_owned(), |bytes| format!("\"{}\"", bytes.escape_ascii()));
    write!(
        out,
        "{:>12} {} key {} value {}",
        record.offset,
        time(record.timestamp),
        text(record.key),
        text(record.value)
    )?;
    for header in record.headers {
        write!(out, " {}={}", header.key.escape_ascii(), text(header.value))?;
    }
    writeln!(out)
}

fn header_json(position: u64, header: &BatchHeader, verdict: &Verdict) -> Value {
    let attributes = header.attributes;
    json!({
        "base_offset": header.base_offset.0,
        "last_offset": header.last_offset().0,
        "position": position,
        "size": header.total_len(),
        "record_count": header.record_count,
        "codec": attributes.compression().map(Compression::name).ok(),
        "base_timestamp": header.base_timestamp.0,
        "max_timestamp": header.max_timestamp.0,
        "log_append_time": attributes.is_log_append_time(),
        "leader_epoch": header.partition_leader_epoch.0,
        "producer_id": header.producer_id.0,
        "producer_epoch": header.producer_epoch.0,
        "base_sequence": header.base_sequence,
        "last_sequence": header.last_sequence(),
        "transactional": attributes.is_transactional(),
        "control": attributes.is_control(),
        "crc": header.crc,
        "crc_ok": verdict.crc_ok,
        "damage": verdict.reason,
    })
}

fn record_json(record: &Record<'_>) -> Value {
    let mut object = Map::new();
    object.insert("offset".to_owned(), record.offset.0.into());
    object.insert("timestamp".to_owned(), record.timestamp.0.into());
    insert_bytes(&mut object, "key", record.key);
    insert_bytes(&mut object, "value", record.value);
    let headers = record.headers.map(|header| {
        let mut object = Map::new();
        insert_bytes(&mut object, "key", Some(header.key));
        insert_bytes(&mut object, "value", header.value);
        Value::from(object)
    });
    object.insert("headers".to_owned(), headers.collect());
    object.into()
}

#[cfg(test)]
mod tests;
