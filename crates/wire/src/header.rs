//! Request and response headers.

use crate::{ApiKey, DecodeError, Field, Reader, Reason, Writer};

/// What precedes the body of every request: header version 1, or 2 with tagged fields in flexible versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHeader<'a> {
    /// The API, as the number that was sent; [`decode_request_header`] gives known ones only.
    pub api_key: i16,
    /// The version of the request, and of the response to it.
    pub api_version: i16,
    /// Chosen by the client; the response carries it back.
    pub correlation_id: i32,
    /// The client's name for itself.
    pub client_id: Option<&'a str>,
}

/// Reads the header of a request `frame`, which is without its 4-byte size. The reader stands at the body and has the
/// right form for it.
///
/// An ApiVersions request is accepted in any version, since a client sends it to learn the versions: when the version
/// is unknown, so is the form of what follows the client id, and the reader stands there.
///
/// # Errors
/// The header is malformed, or Kafka has no such API or version.
pub fn decode_request_header(frame: &[u8]) -> Result<(RequestHeader<'_>, Reader<'_>), DecodeError> {
    let mut r = Reader::new(frame);
    let key: i16 = r.field("RequestHeader.api_key", 1)?;
    let version: i16 = r.field("RequestHeader.api_version", 1)?;
    let known = is_known(&r, ApiKey(key), version)?;
    let header = RequestHeader {
        api_key: key,
        api_version: version,
        correlation_id: r.field("RequestHeader.correlation_id", 1)?,
        // The client id is in the old form in all versions, so that any broker can read it.
        client_id: r.field("RequestHeader.client_id", 1)?,
    };
    r.set_flexible(known && ApiKey(key).is_flexible(version));
    r.skip_tags().map_err(|error| error.in_field("RequestHeader"))?;
    Ok((header, r))
}

fn is_known(r: &Reader<'_>, key: ApiKey, version: i16) -> Result<bool, DecodeError> {
    let versions = key.versions().ok_or_else(|| r.error(Reason::UnknownApiKey).in_field("RequestHeader.api_key"))?;
    match versions.contains(version) {
        false if key != ApiKey::API_VERSIONS => {
            Err(r.error(Reason::UnsupportedVersion).in_field("RequestHeader.api_version"))
        }
        known => Ok(known),
    }
}

/// Reads the header of a response `frame`, which is without its 4-byte size, to a request of `key` and `version`: the
/// correlation id. The reader stands at the body and has the right form for it.
///
/// # Errors
/// The header is malformed.
pub fn decode_response_header(frame: &[u8], key: ApiKey, version: i16) -> Result<(i32, Reader<'_>), DecodeError> {
    let mut r = Reader::new(frame);
    let correlation_id = r.field("ResponseHeader.correlation_id", 0)?;
    r.set_flexible(is_response_header_flexible(key, version));
    r.skip_tags().map_err(|error| error.in_field("ResponseHeader"))?;
    r.set_flexible(key.is_flexible(version));
    Ok((correlation_id, r))
}

/// Writes the header of a request; the writer has the right form for the body afterwards.
pub(crate) fn encode_request_header(w: &mut Writer<'_>, header: &RequestHeader<'_>) {
    header.api_key.write(w, 1);
    header.api_version.write(w, 1);
    header.correlation_id.write(w, 1);
    header.client_id.write(w, 1);
    w.set_flexible(ApiKey(header.api_key).is_flexible(header.api_version));
    w.tag_count(0);
}

/// Writes the header of a response.
pub(crate) fn encode_response_header(w: &mut Writer<'_>, correlation_id: i32, key: ApiKey, version: i16) {
    correlation_id.write(w, 0);
    w.set_flexible(is_response_header_flexible(key, version));
    w.tag_count(0);
}

/// ApiVersions answers with header version 0 always: the client may not know the version the broker chose (KIP-511).
fn is_response_header_flexible(key: ApiKey, version: i16) -> bool {
    key != ApiKey::API_VERSIONS && key.is_flexible(version)
}

#[cfg(test)]
mod tests;
