//! kcat, the command line of librdkafka.

use std::process::Command;

use serde_json::{Value, json};

use super::records::{Placed, Seen, of_job, runs, seen_json};
use super::session::Reply;
use crate::batch::Record;
use crate::tools::output_of;

/// Between two records, and between key and value. kcat takes either as text anywhere in a record.
const RECORD_END: &[u8] = b"<END>";
const KEY_END: &[u8] = b"<KEY>";

/// Does a job that kcat has a mode for.
pub fn call(bootstrap: &str, job: &Value) -> Reply {
    let topic = job["topic"].as_str().unwrap_or_default();
    match job["op"].as_str().expect("a job has an op") {
        "produce" => {
            let records = of_job(job);
            runs(&records).for_each(|run| write_run(bootstrap, job, run));
            Reply::Ok(Value::Null)
        }
        "consume" => Reply::Ok(read(bootstrap, topic, &["-e"])),
        "tail" => Reply::Ok(read(bootstrap, topic, &["-c", &job["count"].to_string()])),
        "list_topics" => Reply::Ok(names(&metadata(bootstrap, &[]))),
        "brokers" => Reply::Ok(count(&metadata(bootstrap, &[])["brokers"])),
        "describe_topic" => Reply::Ok(count(&metadata(bootstrap, &["-t", topic])["topics"][0]["partitions"])),
        "offsets" => Reply::Ok(json!([offset_at(bootstrap, job, -2), offset_at(bootstrap, job, -1)])),
        "offset_for_time" => Reply::Ok(offset_at(bootstrap, job, job["timestamp"].as_i64().unwrap()).into()),
        _ => Reply::Unsupported("the command has no mode for it".to_owned()),
    }
}

fn metadata(bootstrap: &str, options: &[&str]) -> Value {
    serde_json::from_slice(&output_of(kcat(bootstrap).args(["-L", "-J"]).args(options), b"")).unwrap()
}

fn names(metadata: &Value) -> Value {
    metadata["topics"].as_array().unwrap().iter().map(|topic| topic["topic"].clone()).collect()
}

fn count(list: &Value) -> Value {
    list.as_array().unwrap().len().into()
}

/// The command prints `TOPIC [PARTITION] offset N`.
fn offset_at(bootstrap: &str, job: &Value, time: i64) -> i64 {
    let asked = format!("{}:{}:{time}", job["topic"].as_str().unwrap(), job["partition"]);
    let said = String::from_utf8(output_of(kcat(bootstrap).args(["-Q", "-t", &asked]), b"")).unwrap();
    said.trim().rsplit(' ').next().unwrap().parse().unwrap()
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

fn write_run(bootstrap: &str, job: &Value, run: &[Placed]) {
    let Placed { partition, record, .. } = &run[0];
    let text = |field: &str| job[field].as_str().unwrap();
    let mut command = kcat(bootstrap);
    command.args(["-P", "-t", text("topic"), "-p", &partition.to_string(), "-z", text("codec")]);
    command.args(["-X", &format!("acks={}", text("acks")), "-X", &format!("enable.idempotence={}", job["idempotent"])]);
    command.args(["-X", "message.max.bytes=1040000"]);
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

fn read(bootstrap: &str, topic: &str, until: &[&str]) -> Value {
    let mut command = kcat(bootstrap);
    command.args(["-C", "-t", topic, "-o", "beginning", "-q", "-X", "check.crcs=true"]).args(until);
    command.args(["-f", r"%p %o %T %K %S\n%k%s%h\n"]);
    let output = output_of(&mut command, b"");
    let mut rest = &output[..];
    std::iter::from_fn(|| (!rest.is_empty()).then(|| seen_json(&take_record(&mut rest)))).collect()
}

fn take_record(rest: &mut &[u8]) -> Seen {
    let numbers = String::from_utf8(take_line(rest).to_vec()).unwrap();
    let numbers: Vec<i64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
    let key = take_nullable(rest, numbers[3]);
    let value = take_nullable(rest, numbers[4]);
    let headers = take_line(rest).split(|&byte| byte == b',').filter(|text| !text.is_empty()).map(header).collect();
    Seen {
        partition: numbers[0] as i32,
        offset: numbers[1],
        timestamp: numbers[2],
        append_time: None,
        record: Record { key, value, headers },
    }
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

fn kcat(bootstrap: &str) -> Command {
    let mut command = Command::new("kcat");
    command.args(["-b", bootstrap]);
    command
}
