//! Our own command line. It speaks text: one record a line.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::records::{Placed, Seen, of_job, runs, seen_json};
use super::session::Reply;
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

/// Does a job that a command is there for.
pub fn call(bootstrap: &str, job: &Value) -> Reply {
    let topic = job["topic"].as_str().unwrap_or_default();
    let own = |words: &[&str]| run(ottla(bootstrap, words));
    match job["op"].as_str().expect("a job has an op") {
        "produce" => {
            let records = of_job(job);
            runs(&records).for_each(|run| write_run(bootstrap, job, run));
            Reply::Ok(Value::Null)
        }
        "consume" => Reply::Ok(read(bootstrap, topic, &[])),
        "tail" => Reply::Ok(read(bootstrap, topic, &["--follow", "--max", &job["count"].to_string()])),
        "list_topics" => {
            Reply::Ok(json_lines(own(&["topic", "list", "--json"])).map(|line| line["name"].clone()).collect())
        }
        "describe_topic" => Reply::Ok(described(bootstrap, topic).as_array().unwrap().len().into()),
        "offsets" => Reply::Ok(ends(&described(bootstrap, topic), &job["partition"])),
        "delete_topic" => done(own(&["topic", "delete", topic, "--yes"])),
        "delete_records" => {
            let (partition, before) = (job["partition"].to_string(), job["before"].to_string());
            done(own(&["topic", "delete-records", topic, "--partition", &partition, "--before", &before, "--yes"]))
        }
        "alter_config" => {
            let pair = format!("{}={}", job["key"].as_str().unwrap(), job["value"].as_str().unwrap());
            done(own(&["topic", "alter", topic, "--set", &pair]))
        }
        "create_partitions" => {
            let total = job["total"].to_string();
            done(own(&["topic", "alter", topic, "--partitions", &total]))
        }
        "create_topic" => done(run(create(bootstrap, job))),
        _ => Reply::Unsupported("there is no command for it".to_owned()),
    }
}

fn create(bootstrap: &str, job: &Value) -> Command {
    let (topic, partitions) = (job["topic"].as_str().unwrap(), job["partitions"].to_string());
    let mut command = ottla(bootstrap, &["topic", "create", topic, "--partitions", &partitions]);
    for (key, value) in job["configs"].as_object().unwrap() {
        command.args(["--config", &format!("{key}={}", value.as_str().unwrap())]);
    }
    command
}

fn described(bootstrap: &str, topic: &str) -> Value {
    let mut lines = json_lines(run(ottla(bootstrap, &["topic", "describe", topic, "--json"])));
    lines.next().expect("a line for a topic")["partitions"].clone()
}

fn ends(partitions: &Value, partition: &Value) -> Value {
    let found = partitions.as_array().unwrap().iter().find(|described| described["partition"] == *partition).unwrap();
    json!([found["earliest"], found["latest"]])
}

fn run(mut command: Command) -> Vec<u8> {
    output_of(&mut command, b"")
}

fn done(_said: Vec<u8>) -> Reply {
    Reply::Ok(Value::Null)
}

fn json_lines(output: Vec<u8>) -> impl Iterator<Item = Value> {
    let text = String::from_utf8(output).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>().into_iter()
}

/// With acks=all the producer is idempotent, otherwise it is not.
fn write_run(bootstrap: &str, job: &Value, run: &[Placed]) {
    let Placed { partition, record, .. } = &run[0];
    let text = |field: &str| job[field].as_str().unwrap();
    let mut command = ottla(bootstrap, &["produce", text("topic"), "--acks", text("acks")]);
    command.args(["--partition", &partition.to_string(), "--compression", text("codec"), "--null-marker", NULL]);
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

fn read(bootstrap: &str, topic: &str, until: &[&str]) -> Value {
    let mut command = ottla(bootstrap, &["consume", topic, "--from", "beginning", "--format", "json"]);
    command.args(until);
    json_lines(run(command)).map(|line| seen_json(&seen(&line))).collect()
}

fn seen(line: &Value) -> Seen {
    let header = |pair: &Value| (pair["key"].as_str().unwrap().to_owned(), bytes(pair, "value"));
    let headers = line["headers"].as_array().map(|pairs| pairs.iter().map(header).collect()).unwrap_or_default();
    Seen {
        partition: line["partition"].as_i64().unwrap() as i32,
        offset: line["offset"].as_i64().unwrap(),
        timestamp: line["timestamp"].as_i64().unwrap(),
        append_time: None,
        record: Record { key: bytes(line, "key"), value: bytes(line, "value"), headers },
    }
}

/// Text, or where the bytes are no text their base64 under another name.
fn bytes(object: &Value, name: &str) -> Option<Vec<u8>> {
    let encoded = object[format!("{name}_base64")].as_str().map(|encoded| STANDARD.decode(encoded).unwrap());
    encoded.or_else(|| object[name].as_str().map(|text| text.as_bytes().to_vec()))
}

fn ottla(bootstrap: &str, words: &[&str]) -> Command {
    let mut command = Command::new(OTTLA);
    command.args(words).args(["--bootstrap", bootstrap]);
    command
}
