//! Who listens on a port, by `/proc/net/tcp` and the descriptors of the processes that this one may look at.

use std::fs;

use super::{command_line, read_text};

/// The process that listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Its id and its command line.
    Process(u32, String),
    /// A process that this one may not look at.
    Unknown,
}

/// The first process that listens on a TCP port of this machine, on any address.
pub fn listener_on(port: u16) -> Option<Owner> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|table| listening_inode(&read_text(table).unwrap_or_default(), port))?;
    Some(holder_of(&format!("socket:[{inode}]")).unwrap_or(Owner::Unknown))
}

/// The state of a socket that listens.
const LISTEN: &str = "0A";

fn listening_inode(table: &str, port: u16) -> Option<u64> {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTEN;
        listens.then(|| fields.get(9)?.parse().ok()).flatten()
    })
}

fn holder_of(link: &str) -> Option<Owner> {
    let pids = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.into_iter().find_map(|pid| {
        let mut descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.filter_map(Result::ok);
        let has_it =
            descriptors.any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == link));
        has_it.then(|| Owner::Process(pid, command_line(pid)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sockets_that_listen_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                     0: 0100007F:2384 0100007F:9999 01 00000000:00000000 00:00000000 00000000  0 0 11 1 x\n\
                     1: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 12 1 x\n";
        assert_eq!(listening_inode(table, 9092), Some(12));
        assert_eq!(listening_inode(table, 9093), None);
    }
}
