//! Ports and addresses.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use host::system::{self, Owner};

use super::Finding;
use crate::config::{Config, Endpoint};

/// For a connection to an advertised address.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);

pub(super) fn examine(config: &Config, metrics: Option<&str>, is_running: bool, findings: &mut Vec<Finding>) {
    for listener in &config.listeners {
        let what = format!("{}://{}", listener.name, listener.bind);
        match resolve(listener.bind.bind_host(), listener.bind.port) {
            Ok(address) => findings.push(port(&what, address, is_running)),
            Err(error) => findings.push(Finding::fail("listener", format!("{what}: {error}"), "correct `listeners`")),
        }
        if let Some(advertised) = &listener.advertised {
            findings.push(reachable(&listener.name, advertised, is_running));
        }
    }
    if let Some(address) = metrics {
        match address.to_socket_addrs().map(|mut all| all.next()) {
            Ok(Some(socket)) => findings.push(port(&format!("--metrics {address}"), socket, is_running)),
            _ => findings.push(Finding::fail(
                "listener",
                format!("--metrics {address} is no address"),
                "HOST:PORT is wanted",
            )),
        }
    }
}

fn resolve(host: &str, port: u16) -> io::Result<SocketAddr> {
    (host, port).to_socket_addrs()?.next().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

/// Whether the port is free, tried by binding it for a moment.
fn port(what: &str, address: SocketAddr, is_running: bool) -> Finding {
    let port = address.port();
    if port == 0 {
        return Finding::ok("listener", format!("{what}: the system chooses a port"));
    }
    let owner = system::listener_on(port);
    match net::bind(address) {
        Ok(_) => Finding::ok("listener", format!("{what}: the port is free")),
        Err(_) if owner.is_some() => {
            let who = match owner {
                Some(Owner::Process(pid, command)) => format!("process {pid}: {command}"),
                _ => "a process of another user".to_owned(),
            };
            let text = format!("{what}: the port is taken by {who}");
            match is_running {
                true => Finding::ok("listener", text),
                false => Finding::fail("listener", text, "stop it, or choose another port in `listeners` or --listen"),
            }
        }
        Err(error) => Finding::fail("listener", format!("{what}: {error}"), ""),
    }
}

/// Whether clients that are told this address find somebody there.
fn reachable(name: &str, advertised: &Endpoint, is_running: bool) -> Finding {
    let what = format!("{name} tells clients {advertised}");
    let address = match resolve(&advertised.host, advertised.port) {
        Ok(address) => address,
        Err(error) => {
            let text = format!("{what}, which this machine cannot resolve: {error}");
            return Finding::fail("advertised", text, "correct `advertised.listeners`, or the name service");
        }
    };
    if !is_running {
        return Finding::ok("advertised", format!("{what}, which is {address}; no broker runs that could be reached"));
    }
    match net::is_listening(address, CONNECT_DEADLINE) {
        Ok(()) => Finding::ok("advertised", format!("{what}, and somebody listens there")),
        Err(error) => {
            let text = format!("{what}, but connecting there fails: {error}");
            Finding::fail(
                "advertised",
                text,
                "clients connect once and then lose the broker: correct `advertised.listeners`",
            )
        }
    }
}
