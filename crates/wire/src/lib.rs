//! The Kafka protocol: frames, headers, error codes, and every message as one Rust struct.
//!
//! A message is a plain struct with `#[derive(Message)]`; the struct is the schema. Decoding borrows from the frame and
//! allocates nothing: arrays become lazy views ([`Array`]) that were walked once, so iterating them cannot fail.
//! Encoding writes into a caller's buffer; record data may be left out as a hole ([`Records::Hole`]), whose place the
//! writer notes as a [`Cut`] so that the sender fills it from a file.
//!
//! Deliberately absent: I/O, the meaning of any field, and the choice of which versions a broker serves.

#![forbid(unsafe_code)]

// The derive names this crate from outside, and the messages here use the derive too.
extern crate self as wire;

mod api_key;
mod array;
mod error_code;
mod field;
mod frame;
mod header;
mod message;
pub mod messages;
mod reader;
mod records;
mod writer;

pub use api_key::{ApiKey, Versions};
pub use array::{Array, IntoIter, Iter, View};
pub use error_code::ErrorCode;
pub use field::{Field, Nullable};
pub use frame::{decode_body, decode_request, encode_request, encode_response};
pub use header::{RequestHeader, decode_request_header, decode_response_header};
pub use message::{Api, Message, Request, Response};
pub use reader::{DecodeError, Reader, Reason};
pub use records::Records;
pub use wire_derive::Message;
pub use writer::{Cut, Writer};
