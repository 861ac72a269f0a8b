//! Who asks.

/// What the connection and the request's header tell of a client.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its `client.id`; empty when it gave none.
    pub id: &'a str,
    /// Where it comes from, as Kafka writes it: a slash and the address.
    pub host: &'a str,
}
