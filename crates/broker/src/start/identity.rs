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
    #[error(
        "{path}: the directory holds the data of {key}={stored}, but this node has {key}={own}. Choose this node's directory \
         with --data, or correct the file if it was damaged"
    )]
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
    /// It was not made by ottla, or its metadata is lost. Nothing in it was touched.
    #[error(
        "{dir}: the directory has {found} but no {METADATA}: it belongs to an Apache Kafka{of_cluster}, or ottla's metadata \
         was lost. Nothing was changed; choose another directory with --data"
    )]
    Foreign {
        /// The directory.
        dir: PathBuf,
        /// The file or directory that says so.
        found: String,
        /// The id of the cluster where the directory tells one, for the message.
        of_cluster: String,
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

/// Where the metadata quorum keeps its log, below the data directory.
pub const METADATA: &str = "cluster-metadata";

/// Refuses a directory with the data of others, before anything is written to it: a node without metadata of its own
/// would take every log there for that of a deleted topic.
pub fn refuse_foreign(disk: &Disk, dir: &Path) -> Result<(), IdentityError> {
    let io = |source| IdentityError::Io { path: dir.to_path_buf(), source };
    let entries = disk.read_dir(dir).map_err(io)?;
    if entries.iter().any(|entry| entry.name == METADATA) {
        return Ok(());
    }
    let is_kafkas = |name: &str| name == FILE || name == "__cluster_metadata-0";
    for entry in &entries {
        let partition = Path::new(&entry.name).join("partition.metadata");
        if is_kafkas(&entry.name) || (entry.is_dir && disk.exists(&dir.join(partition)).map_err(io)?) {
            let (dir, found, of_cluster) = (dir.to_path_buf(), entry.name.clone(), cluster_of(disk, dir));
            return Err(IdentityError::Foreign { dir, found, of_cluster });
        }
    }
    Ok(())
}

/// Whose a directory is, without a change; an error as the start would have it.
pub fn examine(disk: &Disk, dir: &Path, node_id: BrokerId) -> Result<String, IdentityError> {
    refuse_foreign(disk, dir)?;
    let path = dir.join(FILE);
    let io = |source| IdentityError::Io { path: path.clone(), source };
    if !disk.exists(&path).map_err(io)? {
        return Ok("the directory is nobody's yet".to_owned());
    }
    let bytes = disk.read(&path).map_err(io)?;
    let malformed = |error| io(io::Error::new(io::ErrorKind::InvalidData, error));
    let pairs = parse_properties(FILE, &String::from_utf8_lossy(&bytes)).map_err(malformed)?;
    let value =
        |wanted: &str| pairs.iter().rev().find(|(key, _)| key == wanted).map_or("", |(_, value)| value.as_str());
    let (stored, own) = (value("node.id"), node_id.0.to_string());
    if stored != own {
        return Err(IdentityError::Other { path, key: "node.id", stored: stored.to_owned(), own });
    }
    Ok(format!("node {own} of cluster {}", value("cluster.id")))
}

/// ` with cluster.id=...`, or nothing.
fn cluster_of(disk: &Disk, dir: &Path) -> String {
    let bytes = disk.read(&dir.join(FILE)).unwrap_or_default();
    let pairs = parse_properties(FILE, &String::from_utf8_lossy(&bytes)).unwrap_or_default();
    let id = pairs.iter().find(|(key, _)| key == "cluster.id");
    id.map_or_else(String::new, |(key, id)| format!(" with {key}={id}"))
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
