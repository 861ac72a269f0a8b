use super::*;
use crate::messages::api_versions::ApiVersionsResponse;
use crate::messages::fetch::{FetchResponse, FetchableTopicResponse, PartitionData};
use crate::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use crate::messages::metadata::MetadataRequest;
use crate::{ApiKey, Array, Records, decode_request_header, decode_response_header};

/// Two partitions whose records are 5 and 7 bytes.
fn fetch_response<'a>(records: [Records<'a>; 2]) -> FetchResponse<'a> {
    let partition = |records| PartitionData { records: Some(records), ..Default::default() };
    let topic = FetchableTopicResponse {
        topic: "t",
        partitions: records.map(partition).into_iter().collect(),
        ..Default::default()
    };
    FetchResponse { responses: Array::from(vec![topic]), ..Default::default() }
}

#[test]
fn a_response_with_holes_filled_is_the_response_with_bytes() {
    for version in 4..=12 {
        let (mut holed, mut cuts) = (vec![1, 2, 3], Vec::new());
        encode_response(&mut holed, &mut cuts, 9, version, &fetch_response([Records::Hole(5), Records::Hole(7)]));
        let (mut whole, mut none) = (vec![1, 2, 3], Vec::new());
        let response = fetch_response([Records::Bytes(b"first"), Records::Bytes(b"seconds")]);
        encode_response(&mut whole, &mut none, 9, version, &response);
        assert!(none.is_empty());
        for (cut, bytes) in cuts.iter().zip([&b"first"[..], b"seconds"]).rev() {
            assert_eq!(cut.len, bytes.len());
            holed.splice(cut.at..cut.at, bytes.iter().copied());
        }
        assert_eq!(holed, whole, "v{version}");
        let frame = &whole[7..];
        assert_eq!(whole[3..7], (frame.len() as u32).to_be_bytes());
        let (correlation_id, body) = decode_response_header(frame, ApiKey::FETCH, version).unwrap();
        assert_eq!((correlation_id, decode_body(body, version)), (9, Ok(response)));
    }
}

#[test]
fn a_request_reads_back() {
    for version in 1..=11 {
        let partition = ListOffsetsPartition { partition_index: 3, timestamp: -2, ..Default::default() };
        let topic = ListOffsetsTopic { name: "t", partitions: Array::from(vec![partition]) };
        let request = ListOffsetsRequest { replica_id: -1, topics: Array::from(vec![topic]), ..Default::default() };
        let mut out = Vec::new();
        encode_request(&mut out, 5, Some("client"), version, &request);
        let (header, body) = decode_request_header(&out[4..]).unwrap();
        assert_eq!((header.api_key, header.api_version, header.client_id), (2, version, Some("client")));
        assert_eq!(decode_body(body, version), Ok(request));
    }
}

/// As librdkafka 2.16 asks for all topics: a count of four bytes instead of one. Kafka answers it.
#[test]
fn bytes_after_a_request_are_passed_over() {
    let with_spare_bytes = [0, 0, 0, 0, 1, 0, 0];
    let request = MetadataRequest { topics: None, allow_auto_topic_creation: false, ..Default::default() };
    assert_eq!(decode_request(Reader::new(&with_spare_bytes), 13), Ok(request));
}

/// Field by field as KIP-1075 has it; version 11 adds no field (KIP-1023).
#[test]
fn list_offsets_11_has_these_bytes() {
    let partition = ListOffsetsPartition { partition_index: 2, current_leader_epoch: 4, timestamp: -6 };
    let topic = ListOffsetsTopic { name: "t", partitions: Array::Slice(std::slice::from_ref(&partition)) };
    let request =
        ListOffsetsRequest { replica_id: -1, isolation_level: 1, topics: Array::Slice(&[topic]), timeout_ms: 500 };
    let mut out = Vec::new();
    encode_request(&mut out, 1, None, 11, &request);
    let header = [0, 2, 0, 11, 0, 0, 0, 1, 0xff, 0xff, 0];
    let partition = [&[0, 0, 0, 2, 0, 0, 0, 4][..], &(-6i64).to_be_bytes(), &[0]].concat();
    let body = [&[0xff, 0xff, 0xff, 0xff, 1, 2, 2, b't', 2][..], &partition, &[0, 0, 0, 1, 0xf4, 0]].concat();
    assert_eq!(out[4..], [&header[..], &body].concat());
}

#[test]
fn an_api_versions_response_has_the_old_header_and_a_flexible_body() {
    let (mut out, mut cuts) = (Vec::new(), Vec::new());
    encode_response(&mut out, &mut cuts, 1, 3, &ApiVersionsResponse::default());
    assert_eq!(out, [0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]);
}

#[test]
#[should_panic(expected = "version 3 is not within 4-18")]
fn a_version_that_does_not_exist_is_not_written() {
    encode_response(&mut Vec::new(), &mut Vec::new(), 1, 3, &FetchResponse::default());
}
