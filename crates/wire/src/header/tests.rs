use super::*;

/// Key, version, correlation id 7, client id `c`, then `rest`.
fn frame(key: i16, version: i16, rest: &[u8]) -> Vec<u8> {
    [&key.to_be_bytes()[..], &version.to_be_bytes(), &[0, 0, 0, 7, 0, 1, b'c'], rest].concat()
}

fn refused(key: i16, version: i16) -> Reason {
    decode_request_header(&frame(key, version, &[0])).unwrap_err().reason
}

#[test]
fn a_flexible_version_has_tags_in_its_header() {
    let expected = |api_version| RequestHeader { api_key: 0, api_version, correlation_id: 7, client_id: Some("c") };
    let old = frame(0, 8, &[0xaa]);
    let (header, body) = decode_request_header(&old).unwrap();
    assert_eq!((header, body.remaining(), body.is_flexible()), (expected(8), 1, false));
    let flexible = frame(0, 9, &[1, 5, 1, 0xff, 0xaa]);
    let (header, body) = decode_request_header(&flexible).unwrap();
    assert_eq!((header, body.remaining(), body.is_flexible()), (expected(9), 1, true));
}

#[test]
fn unknown_apis_and_versions_are_refused() {
    for key in [-1, 4, 95, 999] {
        assert_eq!(refused(key, 0), Reason::UnknownApiKey);
    }
    for (key, version) in [(0, 2), (0, 14), (1, -1), (3, i16::MAX)] {
        assert_eq!(refused(key, version), Reason::UnsupportedVersion);
    }
}

#[test]
fn api_versions_is_read_in_any_version_as_far_as_the_client_id() {
    for version in [-1, 6, i16::MAX] {
        let frame = frame(18, version, &[0xff, 0xff]);
        let (header, body) = decode_request_header(&frame).unwrap();
        assert_eq!((header.api_version, header.correlation_id, header.client_id), (version, 7, Some("c")));
        assert_eq!((body.remaining(), body.is_flexible()), (2, false));
    }
}

#[test]
fn the_client_id_may_be_null_but_not_cut_off() {
    let null = [0, 3, 0, 0, 0, 0, 0, 7, 0xff, 0xff];
    assert_eq!(decode_request_header(&null).unwrap().0.client_id, None);
    for len in 0..null.len() {
        assert!(decode_request_header(&null[..len]).is_err());
    }
}

#[test]
fn response_headers_have_tags_except_for_api_versions() {
    let check = |key, version, frame: &[u8], left, flexible| {
        let (correlation_id, body) = decode_response_header(frame, key, version).unwrap();
        assert_eq!((correlation_id, body.remaining(), body.is_flexible()), (7, left, flexible), "{key} v{version}");
    };
    check(ApiKey::FETCH, 11, &[0, 0, 0, 7, 0], 1, false);
    check(ApiKey::FETCH, 12, &[0, 0, 0, 7, 0], 0, true);
    check(ApiKey::API_VERSIONS, 3, &[0, 0, 0, 7, 0], 1, true);
}
