//! kcat, the command line of librdkafka.

use std::path::Path;
use std::process::Command;

use super::Target;
use super::records::{Placed, runs};
use crate::batch::Record;
use crate::tools::{available, output_of};

/// Between two records, and between key and value. kcat takes either as text anywhere in a record.
const RECORD_END: &[u8] = b"<END>";
const KEY_END: &[u8] = b"<KEY>";

pub fn works() -> bool {
    available(Path::new("kcat"), &["-V"])
}

pub fn cannot_write(record: &Record) -> Option<&'static str> {
    let is_text = |value: &Vec<u8>| std::str::from_utf8(value).is_ok();
    let empty = |bytes: &Option<Vec<u8>>| bytes.as_ref().is_none_or(Vec::is_empty);
    match record {
        Record { key: None, value, .. } if empty(value) => Some("an empty line without a key is skipped"),
        Record { key: Some(key), value: None, .. } if key.is_empty() => Some("-Z makes the key null too"),
        Record { headers, .. } if !headers.iter().all(|(_, value)| value.as_ref().is_none_or(is_text)) => {
            Some("header values are arguments, so they are text")
        }
        _ => None,
    }
}

pub fn write(target: &Target<'_>, records: &[Placed]) {
    runs(records).for_each(|run| write_run(target, run));
}

fn write_run(target: &Target<'_>, run: &[Placed]) {
    let Placed { partition, record } = &run[0];
    let mut command = kcat(target);
    command.args(["-P", "-p", &partition.to_string(), "-z", target.codec, "-X", "message.max.bytes=1040000"]);
    command.args(["-D", std::str::from_utf8(RECORD_END).unwrap()]);
    if record.key.is_some() {
        command.args(["-K", std::str::from_utf8(KEY_END).unwrap()]);
    }
    if record.value.is_none() {
        command.arg("-Z");
    }
    for (name, value) in &record.headers {
        let value = value.as_ref().map(|value| format!("={}", str::from_utf8(value).unwrap()));
        command.arg("-H").arg(format!("{name}{}", value.unwrap_or_default()));
    }
    output_of(&mut command, &run.iter().flat_map(|placed| line(&placed.record)).collect::<Vec<u8>>());
}

fn line(record: &Record) -> Vec<u8> {
    let key = record.key.as_ref().map(|key| [key, KEY_END].concat()).unwrap_or_default();
    [&key, record.value.as_deref().unwrap_or_default(), RECORD_END].concat()
}

pub fn read(target: &Target<'_>) -> Vec<(i64, Placed)> {
    let mut command = kcat(target);
    command.args(["-C", "-o", "beginning", "-e", "-q", "-X", "check.crcs=true", "-f", r"%p %o %K %S\n%k%s%h\n"]);
    let output = output_of(&mut command, b"");
    let mut rest = &output[..];
    std::iter::from_fn(|| (!rest.is_empty()).then(|| take_record(&mut rest))).collect()
}

fn take_record(rest: &mut &[u8]) -> (i64, Placed) {
    let numbers = String::from_utf8(take_line(rest).to_vec()).unwrap();
    let numbers: Vec<i64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
    let key = take_nullable(rest, numbers[2]);
    let value = take_nullable(rest, numbers[3]);
    let headers = take_line(rest).split(|&byte| byte == b',').filter(|text| !text.is_empty()).map(header).collect();
    (numbers[1], Placed { partition: numbers[0] as i32, record: Record { key, value, headers } })
}

/// kcat shows a null header value as a word.
fn header(text: &[u8]) -> (String, Option<Vec<u8>>) {
    let at = text.iter().position(|&byte| byte == b'=').expect("name=value");
    let value = Some(&text[at + 1..]).filter(|&value| value != b"NULL");
    (String::from_utf8(text[..at].to_vec()).unwrap(), value.map(<[u8]>::to_vec))
}

fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let at = rest.iter().position(|&byte| byte == b'\n').expect("a line ends");
    let line = &rest[..at];
    *rest = &rest[at + 1..];
    line
}

fn take_nullable(rest: &mut &[u8], len: i64) -> Option<Vec<u8>> {
    let len = usize::try_from(len).ok()?;
    let (taken, left) = rest.split_at(len);
    *rest = left;
    Some(taken.to_vec())
}

fn kcat(target: &Target<'_>) -> Command {
    let mut command = Command::new("kcat");
    command.args(["-b", target.bootstrap, "-t", target.topic]);
    command
}
