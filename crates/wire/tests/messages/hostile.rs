//! Bytes that lie, and bytes that stop.

use wire::messages::fetch::FetchRequest;
use wire::messages::metadata::MetadataRequest;
use wire::messages::produce::ProduceRequest;
use wire::{DecodeError, Message, Reader, Reason};

use crate::subject::SUBJECTS;

fn reason<'a, M: Message<'a> + std::fmt::Debug>(bytes: &'a [u8], version: i16) -> Reason {
    wire::decode_body::<M>(Reader::new(bytes), version).unwrap_err().reason
}

#[test]
fn every_truncation_of_every_message_is_an_error() {
    for (seed, subject) in (1..=8).flat_map(|seed| SUBJECTS.iter().map(move |subject| (seed, subject))) {
        subject.each(seed, |version, value, _| {
            for len in 0..value.bytes.len() {
                let cut = (subject.decode)(&value.bytes[..len], version);
                assert!(cut.is_err(), "{} v{version}: {len} of {:?}", subject.name, value.bytes);
            }
        });
    }
}

#[test]
fn every_message_refuses_a_byte_too_many() {
    for subject in SUBJECTS {
        subject.each(7, |version, mut value, _| {
            value.bytes.push(0);
            let error = (subject.decode)(&value.bytes, version).unwrap_err();
            assert_eq!(error, DecodeError { reason: Reason::TrailingBytes, at: value.bytes.len() - 1, field: "" });
        });
    }
}

#[test]
fn every_message_refuses_versions_that_it_does_not_have() {
    for subject in SUBJECTS {
        for version in [i16::MIN, -1, subject.versions.min - 1, subject.versions.max + 1, i16::MAX] {
            let error = (subject.decode)(&[0; 64], version).unwrap_err();
            assert_eq!(error.reason, Reason::UnsupportedVersion, "{} v{version}", subject.name);
        }
    }
}

#[test]
fn counts_are_bounded_by_the_bytes_that_follow() {
    // No transactional id, acks, timeout; then the count.
    let head = [0xff, 0xff, 0, 1, 0, 0, 0, 0];
    let with_count = |count: i32| [&head[..], &count.to_be_bytes(), &[0, 0]].concat();
    assert_eq!(reason::<ProduceRequest>(&with_count(i32::MAX), 3), Reason::FalseCount);
    assert_eq!(reason::<ProduceRequest>(&with_count(3), 3), Reason::FalseCount);
    assert_eq!(reason::<ProduceRequest>(&with_count(2), 3), Reason::Truncated);
    assert_eq!(reason::<ProduceRequest>(&with_count(-1), 3), Reason::Null);
    assert_eq!(reason::<ProduceRequest>(&with_count(-2), 3), Reason::Null);
    // The compact form: null id, acks, timeout, then 2^32 - 2 topics.
    let compact = [0, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    assert_eq!(reason::<ProduceRequest>(&compact, 9), Reason::FalseCount);
}

#[test]
fn an_error_names_its_field_and_place() {
    // One topic, whose name is not UTF-8.
    let error = wire::decode_body::<MetadataRequest>(Reader::new(&[0, 0, 0, 1, 0, 1, 0xff]), 1).unwrap_err();
    assert_eq!(error, DecodeError { reason: Reason::InvalidUtf8, at: 7, field: "MetadataRequestTopic.name" });
    assert_eq!(error.to_string(), "a string is not valid UTF-8 at byte 7 of the frame, in MetadataRequestTopic.name");
}

#[test]
fn null_is_refused_before_the_version_that_allows_it() {
    let null_name = [0, 0, 0, 1, 0xff, 0xff, 0, 0, 0];
    assert_eq!(reason::<MetadataRequest>(&null_name, 8), Reason::Null);
    assert_eq!(reason::<MetadataRequest>(&[0xff; 4], 0), Reason::Null);
    let all = wire::decode_body::<MetadataRequest>(Reader::new(&[0xff; 4]), 1).unwrap();
    assert_eq!(all.topics, None);
}

#[test]
fn a_tagged_field_has_the_size_it_says() {
    let plain = FetchRequest::default();
    let request = FetchRequest { cluster_id: Some("c"), ..plain.clone() };
    let encode = |request: &FetchRequest<'_>| {
        let (mut out, mut cuts) = (Vec::new(), Vec::new());
        request.encode(&mut wire::Writer::new(&mut out, &mut cuts), 13);
        out
    };
    let mut bytes = encode(&request);
    // One tag: number 0, two bytes, which are a length and a letter.
    let tags = bytes.len() - 5;
    assert_eq!(bytes[tags..], [1, 0, 2, 2, b'c']);
    assert_eq!(bytes[..tags], encode(&plain)[..tags]);
    assert_eq!(wire::decode_body::<FetchRequest>(Reader::new(&bytes), 13), Ok(request));
    bytes[tags + 2] = 1;
    assert_eq!(reason::<FetchRequest>(&bytes, 13), Reason::Truncated);
    bytes.push(0);
    bytes[tags + 2] = 3;
    assert_eq!(reason::<FetchRequest>(&bytes, 13), Reason::TrailingBytes);
    // A tag that nobody knows is passed over.
    bytes[tags + 1] = 99;
    assert_eq!(wire::decode_body::<FetchRequest>(Reader::new(&bytes), 13), Ok(plain));
}
