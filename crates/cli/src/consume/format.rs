//! A record as a line.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::ConsumerRecord;

use crate::text::time;

/// What a line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The value
    Value,
    /// The key and the value
    KeyValue,
    /// Everything, for people
    Full,
    /// Everything, for scripts
    Json,
}

/// Writes records in one format.
pub struct Formatter {
    /// What a line shows.
    pub format: Format,
    /// Between key and value.
    pub key_separator: Vec<u8>,
    /// In place of null.
    pub null: Vec<u8>,
}

impl Formatter {
    /// Writes one line.
    pub fn write(&self, out: &mut impl Write, record: &ConsumerRecord) -> io::Result<()> {
        match self.format {
            Format::Value => out.write_all(self.or_null(record.value.as_deref()))?,
            Format::KeyValue => {
                out.write_all(self.or_null(record.key.as_deref()))?;
                out.write_all(&self.key_separator)?;
                out.write_all(self.or_null(record.value.as_deref()))?;
            }
            Format::Full => self.write_full(out, record)?,
            Format::Json => write_json(out, record)?,
        }
        out.write_all(b"\n")
    }

    fn or_null<'a>(&'a self, bytes: Option<&'a [u8]>) -> &'a [u8] {
        bytes.unwrap_or(&self.null)
    }

    fn write_full(&self, out: &mut impl Write, record: &ConsumerRecord) -> io::Result<()> {
        write!(out, "{}\t{}\t{}\t", record.partition, record.offset, time(record.timestamp))?;
        out.write_all(self.or_null(record.key.as_deref()))?;
        out.write_all(b"\t")?;
        out.write_all(self.or_null(record.value.as_deref()))?;
        for (index, (key, value)) in record.headers.iter().enumerate() {
            out.write_all(if index == 0 { b"\t" } else { b"," })?;
            out.write_all(key)?;
            out.write_all(b"=")?;
            out.write_all(self.or_null(value.as_deref()))?;
        }
        Ok(())
    }
}

/// Written by hand, as a million times a second is not too often. Bytes that are not UTF-8 are in base64, under a name
/// that ends in `_base64`.
fn write_json(out: &mut impl Write, record: &ConsumerRecord) -> io::Result<()> {
    out.write_all(b"{\"topic\":")?;
    serde_json::to_writer(&mut *out, &*record.topic)?;
    let (partition, offset, timestamp) = (record.partition, record.offset, record.timestamp);
    write!(out, ",\"partition\":{partition},\"offset\":{offset},\"timestamp\":{timestamp},")?;
    write_bytes(out, "key", record.key.as_deref())?;
    out.write_all(b",")?;
    write_bytes(out, "value", record.value.as_deref())?;
    out.write_all(b",\"headers\":[")?;
    for (index, (key, value)) in record.headers.iter().enumerate() {
        out.write_all(if index == 0 { b"{" } else { b",{" })?;
        write_bytes(out, "key", Some(key))?;
        out.write_all(b",")?;
        write_bytes(out, "value", value.as_deref())?;
        out.write_all(b"}")?;
    }
    out.write_all(b"]}")
}

fn write_bytes(out: &mut impl Write, name: &str, bytes: Option<&[u8]>) -> io::Result<()> {
    match bytes.map(|bytes| std::str::from_utf8(bytes).map_err(|_| bytes)) {
        None => write!(out, "\"{name}\":null"),
        Some(Ok(text)) => {
            write!(out, "\"{name}\":")?;
            Ok(serde_json::to_writer(out, text)?)
        }
        Some(Err(bytes)) => write!(out, "\"{name}_base64\":\"{}\"", STANDARD.encode(bytes)),
    }
}

#[cfg(test)]
mod tests;
