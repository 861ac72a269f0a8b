//! Whole frames: size, header, body.

use crate::header::{encode_request_header, encode_response_header};
use crate::{Cut, DecodeError, ErrorCode, Message, Reader, Request, RequestHeader, Response, Writer};

/// Reads the body of a request or response to the last byte.
///
/// # Errors
/// The body is malformed, bytes follow it, or the message has no such version.
pub fn decode_body<'a, M: Message<'a>>(mut r: Reader<'a>, version: i16) -> Result<M, DecodeError> {
    let message = M::decode(&mut r, version)?;
    r.finish()?;
    Ok(message)
}

/// Reads the body of a client's request. Like Kafka, passes over what follows it: librdkafka 2.16 puts three bytes too many
/// behind a Metadata request for all topics.
///
/// # Errors
/// The body is malformed, or the message has no such version.
pub fn decode_request<'a, M: Request + Message<'a>>(mut r: Reader<'a>, version: i16) -> Result<M, DecodeError> {
    M::decode(&mut r, version)
}

/// Appends a whole response to `out`: the 4-byte size (holes included), header and body. The cuts of its holes, whose
/// places are indexes into `out`, are appended to `cuts` in order. Returns the errors that it tells, in order.
///
/// # Panics
/// As [`Message::encode`], and if the frame is longer than 2^31 - 1 bytes.
pub fn encode_response<'a, R: Response + Message<'a>>(
    out: &mut Vec<u8>,
    cuts: &mut Vec<Cut>,
    correlation_id: i32,
    version: i16,
    response: &R,
) -> Vec<ErrorCode> {
    encode_frame(out, cuts, |w| {
        encode_response_header(w, correlation_id, R::API_KEY, version);
        response.encode(w, version);
    })
}

/// Appends a whole request to `out`: the 4-byte size, header and body.
///
/// # Panics
/// As [`Message::encode`], if there is a hole in the request, and if the frame is longer than 2^31 - 1 bytes.
pub fn encode_request<'a, R: Request + Message<'a>>(
    out: &mut Vec<u8>,
    correlation_id: i32,
    client_id: Option<&str>,
    version: i16,
    request: &R,
) {
    let mut cuts = Vec::new();
    let header = RequestHeader { api_key: R::API_KEY.0, api_version: version, correlation_id, client_id };
    encode_frame(out, &mut cuts, |w| {
        encode_request_header(w, &header);
        request.encode(w, version);
    });
    assert!(cuts.is_empty(), "a request cannot hold a hole");
}

/// The size is known last, when the bytes and the holes are.
fn encode_frame(out: &mut Vec<u8>, cuts: &mut Vec<Cut>, encode: impl FnOnce(&mut Writer<'_>)) -> Vec<ErrorCode> {
    let (start, first_cut) = (out.len(), cuts.len());
    out.extend_from_slice(&[0; 4]);
    let mut writer = Writer::new(out, cuts);
    encode(&mut writer);
    let errors = writer.into_errors();
    let holes: usize = cuts[first_cut..].iter().map(|cut| cut.len).sum();
    let size = i32::try_from(out.len() - start - 4 + holes).expect("no frame is longer than 2^31 - 1 bytes");
    out[start..start + 4].copy_from_slice(&size.to_be_bytes());
    errors
}

#[cfg(test)]
mod tests;
