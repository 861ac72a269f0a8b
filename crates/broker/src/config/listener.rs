//! `listeners`, `advertised.listeners`, `listener.security.protocol.map`: where the node listens, and the address that
//! Metadata tells the clients of each listener (KIP-103).

use std::fmt;

use super::ConfigError;

/// A host and a port; port 0 asks the system for a free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address, without brackets around IPv6. Empty: every interface.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Endpoint {
    /// What to bind: no host means every interface.
    pub fn bind_host(&self) -> &str {
        if self.host.is_empty() { "0.0.0.0" } else { &self.host }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bind_host() {
            v6 if v6.contains(':') => write!(f, "[{v6}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

/// One socket the node listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// `PLAINTEXT`, or the operator's own name for it.
    pub name: String,
    /// Where it binds.
    pub bind: Endpoint,
    /// What clients are told, if the operator set it.
    pub advertised: Option<Endpoint>,
}

/// The settings as written, until all sources are read: they refer to each other.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    pub listeners: Option<String>,
    /// What `--listen` replaced: it is still checked, so that a listener that should be secure is not lost silently.
    replaced: Option<String>,
    pub advertised: Option<String>,
    pub protocol_map: Option<String>,
    pub controller_names: Option<String>,
}

const DEFAULT: &str = "PLAINTEXT://127.0.0.1:9092";

impl Raw {
    /// `--listen HOST:PORT`: one plaintext listener, in place of `listeners`.
    pub fn listen_at(&mut self, address: &str) {
        self.replaced = self.listeners.replace(format!("PLAINTEXT://{address}"));
    }

    /// The listeners for clients. Those in `controller.listener.names` are left out: the metadata quorum of a single
    /// node needs no port.
    pub fn resolve(&self) -> Result<Vec<Listener>, ConfigError> {
        let text = self.listeners.as_deref().unwrap_or(DEFAULT);
        let controller: Vec<&str> = list(self.controller_names.as_deref().unwrap_or("")).collect();
        let mut advertised = parse_all("advertised.listeners", self.advertised.as_deref().unwrap_or(""))?;
        advertised.retain(|(name, _)| !controller.iter().any(|other| other.eq_ignore_ascii_case(name)));
        for (name, _) in parse_all("listeners", self.replaced.as_deref().unwrap_or(""))? {
            self.require_plaintext(&name)?;
        }
        let mut listeners = Vec::new();
        for (name, bind) in parse_all("listeners", text)? {
            if controller.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
                continue;
            }
            self.require_plaintext(&name)?;
            let advertised = advertised.iter().find(|(other, _)| *other == name).map(|(_, endpoint)| endpoint.clone());
            listeners.push(Listener { name, bind, advertised });
        }
        check(&listeners, &advertised, text)?;
        Ok(listeners)
    }

    /// A listener's security protocol is what the map says, else its own name. Anything but plaintext is refused.
    fn require_plaintext(&self, name: &str) -> Result<(), ConfigError> {
        let map = self.protocol_map.as_deref().unwrap_or("");
        let mapped = list(map).filter_map(|entry| entry.split_once(':')).find(|(listener, _)| *listener == name);
        let (key, protocol) = match mapped {
            Some((_, protocol)) => ("listener.security.protocol.map", protocol.trim()),
            None => ("listeners", name),
        };
        match protocol.to_ascii_uppercase().as_str() {
            "PLAINTEXT" => Ok(()),
            "SSL" | "SASL_SSL" | "SASL_PLAINTEXT" => Err(ConfigError::Unsupported {
                key: key.to_owned(),
                value: format!("{name}:{protocol}"),
                reason: "only PLAINTEXT listeners are served (no TLS, no SASL), and this one would not be secure"
                    .to_owned(),
            }),
            _ => Err(invalid(
                "listener.security.protocol.map",
                map,
                format!("no security protocol for listener {name}: map it to PLAINTEXT"),
            )),
        }
    }
}

fn check(listeners: &[Listener], advertised: &[(String, Endpoint)], text: &str) -> Result<(), ConfigError> {
    if listeners.is_empty() {
        return Err(invalid("listeners", text, "at least one listener for clients is needed".to_owned()));
    }
    for (index, listener) in listeners.iter().enumerate() {
        if listeners[..index].iter().any(|other| other.name == listener.name) {
            return Err(invalid("listeners", text, format!("listener {} stands twice", listener.name)));
        }
    }
    for (name, endpoint) in advertised {
        if !listeners.iter().any(|listener| listener.name == *name) {
            return Err(invalid("advertised.listeners", name, "no listener has this name".to_owned()));
        }
        if matches!(endpoint.host.as_str(), "0.0.0.0" | "::") {
            let reason = "clients cannot connect to it: advertise a name or an address that they can reach".to_owned();
            return Err(invalid("advertised.listeners", &endpoint.host, reason));
        }
    }
    Ok(())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn parse_all(key: &str, text: &str) -> Result<Vec<(String, Endpoint)>, ConfigError> {
    list(text)
        .map(|entry| parse(entry).ok_or_else(|| invalid(key, entry, "expected NAME://HOST:PORT".to_owned())))
        .collect()
}

fn parse(entry: &str) -> Option<(String, Endpoint)> {
    let (name, address) = entry.split_once("://")?;
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    named.then_some(())?;
    Some((name.to_ascii_uppercase(), Endpoint { host: host.to_owned(), port: port.parse().ok()? }))
}

fn invalid(key: &str, value: &str, reason: String) -> ConfigError {
    ConfigError::Invalid { key: key.to_owned(), value: value.to_owned(), reason }
}
