//! Where a broker is reached.

use std::fmt;
use std::str::FromStr;

/// A host name or IP address, and a port. An IPv6 address is written in brackets: `[::1]:9092`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The host name or IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The text is not `HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address: HOST:PORT is expected, such as 127.0.0.1:9092")]
pub struct AddressError(String);

impl Address {
    /// The addresses of a list such as `a:9092,b:9092`.
    ///
    /// # Errors
    /// One of them is not `HOST:PORT`, or there is none.
    pub fn parse_list(text: &str) -> Result<Vec<Address>, AddressError> {
        text.split(',').map(|address| address.trim().parse()).collect()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').ok_or_else(wrong)?,
            None if host.contains(':') => return Err(wrong()),
            None => host,
        };
        match port.parse() {
            Ok(port) if !host.is_empty() => Ok(Address { host: host.to_owned(), port }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for text in ["localhost:9092", "127.0.0.1:1", "[::1]:65535"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!(Address::parse_list("a:1, b:2").unwrap().len(), 2);
        for text in ["", "localhost", ":9092", "localhost:", "localhost:65536", "::1:9092", "[::1:9092", "a:1,"] {
            assert!(Address::parse_list(text).is_err(), "{text}");
        }
    }
}
