//! Bytes of messages that the oracle does not have, written down from Kafka's definitions.

use wire::messages::describe_log_dirs::{DescribeLogDirsResponse, DescribeLogDirsResult};
use wire::{Array, Message, Writer};

fn encoded<'a>(message: &impl Message<'a>, version: i16) -> Vec<u8> {
    let (mut bytes, mut cuts) = (Vec::new(), Vec::new());
    message.encode(&mut Writer::new(&mut bytes, &mut cuts), version);
    bytes
}

#[test]
fn a_directory_says_from_version_5_of_describe_log_dirs_whether_it_is_cordoned() {
    let dir = DescribeLogDirsResult {
        log_dir: "d",
        total_bytes: 9,
        usable_bytes: 8,
        is_cordoned: true,
        ..Default::default()
    };
    let response = DescribeLogDirsResponse { results: Array::Vec(vec![dir]), ..Default::default() };
    let (before, now) = (encoded(&response, 4), encoded(&response, 5));
    // Behind it come the tagged fields of the directory and of the response, none of both.
    assert_eq!(now, [&before[..before.len() - 2], &[1, 0, 0]].concat());
}
