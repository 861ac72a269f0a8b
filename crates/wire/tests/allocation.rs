//! Decoding allocates nothing, whatever the bytes say.

extern crate ottla_wire as wire;

#[path = "messages/counting.rs"]
mod counting;

use wire::messages::metadata::MetadataRequest;
use wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use wire::{Array, Reader, Reason, Records};

use counting::counted;

#[test]
fn the_counter_counts() {
    assert_eq!(counted(|| vec![1u8]).1, 1);
}

#[test]
fn a_produce_request_is_decoded_and_walked_without_allocation() {
    let partition = |index| PartitionProduceData { index, records: Some(Records::Bytes(b"batch")) };
    let topic = TopicProduceData { name: "t", partition_data: (0..100).map(partition).collect(), ..Default::default() };
    let request = ProduceRequest { topic_data: Array::Slice(std::slice::from_ref(&topic)), ..Default::default() };
    for version in 3..=13 {
        let mut frame = Vec::new();
        wire::encode_request(&mut frame, 1, Some("client"), version, &request);
        let (sum, allocations) = counted(|| {
            let (_, body) = wire::decode_request_header(&frame[4..]).unwrap();
            let request: ProduceRequest<'_> = wire::decode_body(body, version).unwrap();
            let partitions = request.topic_data.iter().flat_map(|topic| topic.partition_data);
            partitions.map(|partition| partition.index).sum::<i32>()
        });
        assert_eq!((sum, allocations), (4950, 0), "v{version}");
    }
}

#[test]
fn ten_million_unknown_tags_are_passed_over_without_allocation() {
    const TAGS: usize = 10_000_000;
    // All topics, no creation, no operations; then the number of tags, and each with a number and no bytes.
    let mut body = vec![0, 0, 0, 0x80, 0xad, 0xe2, 0x04];
    body.resize(body.len() + 2 * TAGS, 0);
    for tag in body[7..].chunks_exact_mut(2) {
        tag[0] = 100;
    }
    let (request, allocations) = counted(|| wire::decode_body::<MetadataRequest<'_>>(Reader::new(&body), 12));
    assert_eq!(request.unwrap().topics, None);
    assert_eq!(allocations, 0);
}

#[test]
fn a_false_count_and_its_error_cost_no_allocation() {
    let body = [0x7f, 0xff, 0xff, 0xff, 0, 1, b't'];
    let (request, allocations) = counted(|| wire::decode_body::<MetadataRequest<'_>>(Reader::new(&body), 1));
    assert_eq!(request.unwrap_err().reason, Reason::FalseCount);
    assert_eq!(allocations, 0);
}
