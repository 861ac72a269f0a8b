//! Telling the service manager how far the process is: systemd's `sd_notify`, one datagram to a local socket.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells `state` (`READY=1`, `STOPPING=1`) to the socket that the manager named in `NOTIFY_SOCKET`; a name that begins with
/// `@` is an abstract one.
///
/// # Errors
/// Nobody takes it, or the name is none.
pub fn notify(socket: &str, state: &str) -> io::Result<()> {
    let address = match socket.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    // A manager that does not read must not keep the broker from serving.
    sender.set_nonblocking(true)?;
    sender.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_hears_of_it_under_both_kinds_of_names() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let named = UnixDatagram::bind(&path).unwrap();
        let name = format!("ottla-test-{}", std::process::id());
        let hidden = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        for (receiver, name) in [(named, path.to_str().unwrap().to_owned()), (hidden, format!("@{name}"))] {
            notify(&name, "READY=1").unwrap();
            let mut bytes = [0; 32];
            let len = receiver.recv(&mut bytes).unwrap();
            assert_eq!(&bytes[..len], b"READY=1");
        }
        assert!(notify("/no/such/socket", "READY=1").is_err());
    }
}
