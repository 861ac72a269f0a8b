//! confluent-kafka for Python, through `tests/foreign/python/client.py`.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Target;
use super::records::Placed;
use crate::batch::Record;
use crate::tools::{available, output_of, python};

pub fn works() -> bool {
    available(&python(), &["-c", "import confluent_kafka"])
}

pub fn write(target: &Target<'_>, records: &[Placed]) {
    client("produce", target, records);
}

pub fn read(target: &Target<'_>) -> Vec<(i64, Placed)> {
    let output = String::from_utf8(client("consume", target, &[])).unwrap();
    output.lines().map(|line| from_json(&serde_json::from_str(line).unwrap())).collect()
}

fn client(verb: &str, target: &Target<'_>, records: &[Placed]) -> Vec<u8> {
    let spec = json!({
        "bootstrap": target.bootstrap,
        "topic": target.topic,
        "partitions": target.partitions,
        "codec": target.codec,
        "idempotent": true,
        "records": records.iter().map(to_json).collect::<Vec<_>>(),
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), spec.to_string()).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign/python/client.py");
    output_of(Command::new(python()).arg(program).arg(verb).arg(file.path()), b"")
}

fn to_json(placed: &Placed) -> Value {
    let encoded = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
    let Record { key, value, headers } = &placed.record;
    let headers: Vec<_> = headers.iter().map(|(name, value)| json!([name, encoded(value)])).collect();
    json!({"partition": placed.partition, "key": encoded(key), "value": encoded(value), "headers": headers})
}

fn from_json(line: &Value) -> (i64, Placed) {
    let decoded = |value: &Value| value.as_str().map(|text| STANDARD.decode(text).unwrap());
    let header = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), decoded(&pair[1]));
    let headers = line["headers"].as_array().unwrap().iter().map(header).collect();
    let record = Record { key: decoded(&line["key"]), value: decoded(&line["value"]), headers };
    (line["offset"].as_i64().unwrap(), Placed { partition: line["partition"].as_i64().unwrap() as i32, record })
}
