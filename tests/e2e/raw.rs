//! A socket to a broker: frames as bytes, and requests of a foreign message crate.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

use crate::harness::{Broker, PATIENCE};

/// One connection.
pub struct Connection {
    stream: TcpStream,
    next_correlation_id: i32,
}

impl Connection {
    /// Connects to `broker`.
    pub fn open(broker: &Broker) -> Connection {
        Connection::to(broker.bootstrap())
    }

    /// Connects to `HOST:PORT`.
    pub fn to(address: &str) -> Connection {
        Connection::try_to(address).unwrap()
    }

    /// As [`Connection::to`], where a broker may be down.
    pub fn try_to(address: &str) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Connection { stream, next_correlation_id: 1 })
    }

    /// Sends bytes as they are. An error means that the broker has closed.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Tells the broker that nothing more will come, but goes on listening.
    pub fn finish_sending(&self) {
        // A broker that has closed needs no telling.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// The next frame without its size. None when the broker has closed instead.
    pub fn frame(&mut self) -> Option<Bytes> {
        let mut size = [0; 4];
        self.fill(&mut size)?;
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(size)).expect("a frame has a size")];
        self.fill(&mut frame)?;
        Some(frame.into())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Option<()> {
        match self.stream.read_exact(buffer) {
            Ok(()) => Some(()),
            Err(error) if is_close(error.kind()) => None,
            Err(error) => panic!("neither an answer nor a close within {PATIENCE:?}: {error}"),
        }
    }

    /// Sends a request and waits for its answer.
    pub fn call<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.try_call(version, request).expect("an answer, not a close")
    }

    /// As [`Connection::call`], where the broker may be killed. None when it has closed instead.
    pub fn try_call<R: Request>(&mut self, version: i16, request: &R) -> Option<R::Response> {
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id += 1;
        self.send(&framed(version, correlation_id, request)).ok()?;
        let (answered, response) = self.answer::<R>(version)?;
        assert_eq!(answered, correlation_id, "answers come in the order of the requests");
        Some(response)
    }

    /// The next answer, which must be one to an `R`, with its correlation id. None when the broker has closed instead.
    pub fn answer<R: Request>(&mut self, version: i16) -> Option<(i32, R::Response)> {
        let mut frame = self.frame()?;
        let header = ResponseHeader::decode(&mut frame, R::Response::header_version(version)).unwrap();
        let response = R::Response::decode(&mut frame, version).unwrap();
        assert_eq!(frame.remaining(), 0, "bytes are left after the response");
        Some((header.correlation_id, response))
    }
}

/// A whole request with its size.
pub fn framed<R: Request>(version: i16, correlation_id: i32, request: &R) -> Vec<u8> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(StrBytes::from_static_str("e2e")));
    let mut frame = BytesMut::new();
    header.encode(&mut frame, R::header_version(version)).unwrap();
    request.encode(&mut frame, version).unwrap();
    sized(&frame)
}

/// `payload` with its size before it.
pub fn sized(payload: &[u8]) -> Vec<u8> {
    let size = i32::try_from(payload.len()).unwrap().to_be_bytes();
    [&size, payload].concat()
}

/// Kafka's name of an error code in camel case, `None` for 0.
pub fn error_name(code: i16) -> String {
    ResponseError::try_from_code(code).map_or_else(|| "None".to_owned(), |error| format!("{error:?}"))
}

fn is_close(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
