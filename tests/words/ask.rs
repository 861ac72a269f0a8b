//! One request, one connection, and the answer as text.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, RequestKind, ResponseHeader, ResponseKind};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

/// The broker closed the connection.
const CLOSED: &str = "closed";
/// The broker said nothing within [`PATIENCE`].
const SILENT: &str = "silent";
/// How long an answer may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// What came back.
pub enum Answer {
    /// A response, and what was left of its frame.
    Response(Box<ResponseKind>, Bytes),
    /// None: [`CLOSED`] or [`SILENT`].
    None(&'static str),
    /// A frame that is no response in the version of the request.
    Strange(Bytes),
}

/// Sends a request that must be answered.
pub fn call(address: &str, version: i16, request: &RequestKind) -> ResponseKind {
    match ask(address, key_of(request), version, request) {
        Answer::Response(response, _) => *response,
        Answer::None(why) => panic!("{why} instead of an answer to {request:?}"),
        Answer::Strange(bytes) => panic!("{bytes:?} instead of {request:?}"),
    }
}

/// Sends a request on a connection of its own.
pub fn ask(address: &str, api: ApiKey, version: i16, request: &RequestKind) -> Answer {
    let schema = schema(api, version);
    let mut frame = header(api as i16, version, api.request_header_version(schema));
    request.encode(&mut frame, schema).unwrap_or_else(|error| panic!("{api:?} {version}: {error}: {request:?}"));
    let mut answer = match exchange(address, &frame) {
        Ok(answer) => answer,
        Err(why) => return Answer::None(why),
    };
    let whole = answer.clone();
    let header = ResponseHeader::decode(&mut answer, api.response_header_version(schema));
    match header.and_then(|_| ResponseKind::decode(api, &mut answer, schema)) {
        Ok(response) => Answer::Response(Box::new(response), answer),
        Err(_) => Answer::Strange(whole),
    }
}

/// Sends the payload of a frame on a connection of its own. The payload of the answer, or why there is none.
pub fn exchange(address: &str, payload: &[u8]) -> Result<Bytes, &'static str> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
    stream.write_all(&[&size, payload].concat()).map_err(|_| CLOSED)?;
    let mut size = [0; 4];
    fill(&mut stream, &mut size)?;
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(size)).unwrap()];
    fill(&mut stream, &mut answer)?;
    Ok(answer.into())
}

/// A header whose correlation id is 7.
pub fn header(api: i16, version: i16, header_version: i16) -> BytesMut {
    let header = RequestHeader::default()
        .with_request_api_key(api)
        .with_request_api_version(version)
        .with_correlation_id(7)
        .with_client_id(Some(StrBytes::from_static_str("words")));
    let mut frame = BytesMut::new();
    header.encode(&mut frame, header_version).unwrap();
    frame
}

/// The API of a request.
pub fn key_of(request: &RequestKind) -> ApiKey {
    let text = format!("{request:?}");
    let name = text.split(['(', ' ']).next().expect("a first word");
    (0..=100).filter_map(|key| ApiKey::try_from(key).ok()).find(|key| format!("{key:?}") == name).expect("a known API")
}

/// The crate that knows the messages lacks the last versions of a few, which look like those before.
fn schema(api: ApiKey, version: i16) -> i16 {
    let valid = api.valid_versions();
    version.clamp(valid.min, valid.max)
}

fn fill(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<(), &'static str> {
    stream.read_exact(buffer).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => CLOSED,
        ErrorKind::WouldBlock => SILENT,
        _ => panic!("neither an answer nor a close: {error}"),
    })
}
