//! Our own command line. It speaks text: one record a line.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Target;
use super::records::{Placed, runs};
use crate::batch::Record;
use crate::harness::OTTLA;
use crate::tools::output_of;

/// Stands for a null value in the lines that are produced.
const NULL: &str = "<NULL>";
/// Between key and value; some values contain the default `:`.
const KEY_END: &str = "<KEY>";

pub fn cannot_write(record: &Record) -> Option<&'static str> {
    let Record { key, value, headers } = record;
    let is_line = |bytes: &Vec<u8>| std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(['\n', '\r']));
    if !key.iter().chain(value).all(is_line) {
        return Some("a record is a line of text");
    }
    let is_text = |value: &Option<Vec<u8>>| value.as_ref().is_some_and(is_line);
    (!headers.iter().all(|(_, value)| is_text(value))).then_some("header values are arguments, so they are text")
}

pub fn write(target: &Target<'_>, records: &[Placed]) {
    runs(records).for_each(|run| write_run(target, run));
}

fn write_run(target: &Target<'_>, run: &[Placed]) {
    let Placed { partition, record } = &run[0];
    let mut command = ottla(target, "produce");
    command.args(["--partition", &partition.to_string(), "--compression", target.codec, "--null-marker", NULL]);
    if record.key.is_some() {
        command.args(["-K", "--key-separator", KEY_END]);
    }
    for (name, value) in &record.headers {
        let value = str::from_utf8(value.as_deref().expect("text")).unwrap();
        command.args(["--header", &format!("{name}={value}")]);
    }
    output_of(&mut command, run.iter().map(|placed| line(&placed.record)).collect::<String>().as_bytes());
}

fn line(record: &Record) -> String {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    let key = record.key.as_ref().map(|key| text(key) + KEY_END).unwrap_or_default();
    key + &record.value.as_ref().map_or(NULL.to_owned(), text) + "\n"
}

pub fn read(target: &Target<'_>) -> Vec<(i64, Placed)> {
    let output = output_of(ottla(target, "consume").args(["--from", "beginning", "--format", "json"]), b"");
    let lines = String::from_utf8(output).unwrap();
    lines.lines().map(|line| from_json(&serde_json::from_str(line).unwrap())).collect()
}

fn from_json(line: &Value) -> (i64, Placed) {
    let header = |pair: &Value| (pair["key"].as_str().unwrap().to_owned(), bytes(pair, "value"));
    let headers = line["headers"].as_array().map(|pairs| pairs.iter().map(header).collect()).unwrap_or_default();
    let record = Record { key: bytes(line, "key"), value: bytes(line, "value"), headers };
    (line["offset"].as_i64().unwrap(), Placed { partition: line["partition"].as_i64().unwrap() as i32, record })
}

/// Text, or where the bytes are no text their base64 under another name.
fn bytes(object: &Value, name: &str) -> Option<Vec<u8>> {
    let encoded = object[format!("{name}_base64")].as_str().map(|encoded| STANDARD.decode(encoded).unwrap());
    encoded.or_else(|| object[name].as_str().map(|text| text.as_bytes().to_vec()))
}

fn ottla(target: &Target<'_>, command: &str) -> Command {
    let mut ottla = Command::new(OTTLA);
    ottla.args([command, target.topic, "--bootstrap", target.bootstrap]);
    ottla
}
