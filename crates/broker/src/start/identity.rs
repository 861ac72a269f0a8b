//! `meta.properties`: whose data a directory holds, in Kafka's format (version 1).
//!
//! ```text
//! version=1
//! node.id=1
//! cluster.id=...
//! directory.id=...
//! ```

use std::io;
use std::path::{Path, PathBuf};

use host::{Disk, Rng};
use record::{BrokerId, Uuid};

use crate::config::parse_properties;
use crate::node::random_id;

const FILE: &str = "meta.properties";

/// The directory cannot be this node's.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It holds another node's or another cluster's data.
    #[error("{path}: the directory holds the data of {key}={stored}, but this node has {key}={own}")]
    Other {
        /// The file.
        path: PathBuf,
        /// Which key differs.
        key: &'static str,
        /// What the file says.
        stored: String,
        /// What this node is.
        own: String,
    },
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Compares the directory's identity with the node's; a new directory gets it.
pub fn check(disk: &Disk, dir: &Path, node_id: BrokerId, cluster_id: Uuid, rng: &Rng) -> Result<(), IdentityError> {
    let path = dir.join(FILE);
    let io = |source| IdentityError::Io { path: path.clone(), source };
    let own = [("node.id", node_id.0.to_string()), ("cluster.id", cluster_id.to_string())];
    if !disk.exists(&path).map_err(io)? {
        let [node, cluster] = &own;
        let directory_id = random_id(rng);
        let text =
            format!("version=1\n{}={}\n{}={}\ndirectory.id={directory_id}\n", node.0, node.1, cluster.0, cluster.1);
        return disk.write_atomic(&path, text.as_bytes()).map_err(io);
    }
    let bytes = disk.read(&path).map_err(io)?;
    let malformed = |error| io(io::Error::new(io::ErrorKind::InvalidData, error));
    let pairs = parse_properties(FILE, &String::from_utf8_lossy(&bytes)).map_err(malformed)?;
    for (key, own) in own {
        let stored = pairs.iter().rev().find(|(stored, _)| stored == key).map_or("", |(_, value)| value.as_str());
        if stored != own {
            return Err(IdentityError::Other { path, key, stored: stored.to_owned(), own });
        }
    }
    Ok(())
}
