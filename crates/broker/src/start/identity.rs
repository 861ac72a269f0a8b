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

/// Whose a directory is.
pub const FILE: &str = "meta.properties";

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
    /// It holds data, but the metadata log that tells of it is not where it should be.
    #[error(
        "{dir}: the directory holds data{of_cluster}, and there is no {METADATA} in {metadata_dir}: is its disk mounted, and is it \
         the right one? metadata.log.dir names it, or it is the first of log.dirs. Nothing was changed"
    )]
    NoMetadata {
        /// The directory with data.
        dir: PathBuf,
        /// Where the metadata log should be.
        metadata_dir: PathBuf,
        /// The id of the cluster where the directory tells one, for the message.
        of_cluster: String,
    },
    /// It holds a metadata log that is not the one to be used.
    #[error(
        "{dir}: the directory has a {METADATA}, but the metadata log is to be in {metadata_dir}. Set metadata.log.dir={dir} if it is \
         this one. Nothing was changed"
    )]
    OtherMetadata {
        /// The directory with a metadata log.
        dir: PathBuf,
        /// Where it should be.
        metadata_dir: PathBuf,
    },
    /// Two directories have the same id.
    #[error("{other}: the directory is a copy of {one}: both have directory.id={id}. Remove one of them from log.dirs")]
    Copy {
        /// The first one.
        one: PathBuf,
        /// The second one.
        other: PathBuf,
        /// The id of both.
        id: Uuid,
    },
    /// It was this node's and is empty now.
    #[error(
        "{dir}: the directory was this node's, with directory.id={id}, and has no {FILE} now: is its disk mounted? If its data is lost \
         and it is to begin empty, remove its line from {file}. Nothing was changed"
    )]
    Lost {
        /// The directory.
        dir: PathBuf,
        /// The id that it had.
        id: Uuid,
        /// The file that remembers it.
        file: PathBuf,
    },
    /// The list of the directories that the node has had is not understood.
    #[error(
        "{file}: line {line} is not {expected}, so that a disk that is not mounted would be taken for a new one. Nothing was changed; \
         correct the line, or, if every disk is mounted and log.dirs names them all, remove the file: it is written again"
    )]
    Unknown {
        /// The file.
        file: PathBuf,
        /// Which line, from one.
        line: usize,
        /// What it should be.
        expected: &'static str,
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
/// would take every log there for that of a deleted topic. Returns whether there is a metadata log.
pub fn refuse_foreign(disk: &Disk, dir: &Path) -> Result<bool, IdentityError> {
    let entries = disk.read_dir(dir).map_err(|source| io_error(dir, source))?;
    if entries.iter().any(|entry| entry.name == METADATA) {
        return Ok(true);
    }
    refuse_kafkas(disk, dir, |name| name == FILE || name == "__cluster_metadata-0").map(|()| false)
}

/// As [`refuse_foreign`] for a directory beside that of the metadata log, which may be there already or not.
pub fn refuse_foreign_beside(
    disk: &Disk,
    dir: &Path,
    metadata_dir: &Path,
    has_metadata: bool,
) -> Result<(), IdentityError> {
    let entries = disk.read_dir(dir).map_err(|source| io_error(dir, source))?;
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    let (dir, metadata_dir) = (dir.to_path_buf(), metadata_dir.to_path_buf());
    if has(METADATA) {
        return Err(IdentityError::OtherMetadata { dir, metadata_dir });
    }
    if has("__cluster_metadata-0") || !has(FILE) {
        return refuse_kafkas(disk, &dir, |name| name == "__cluster_metadata-0");
    }
    if !has_metadata {
        let of_cluster = cluster_of(disk, &dir);
        return Err(IdentityError::NoMetadata { dir, metadata_dir, of_cluster });
    }
    Ok(())
}

/// Refuses a directory with a partition, or with one of these names.
fn refuse_kafkas(disk: &Disk, dir: &Path, is_kafkas: impl Fn(&str) -> bool) -> Result<(), IdentityError> {
    for entry in &disk.read_dir(dir).map_err(|source| io_error(dir, source))? {
        let partition = Path::new(&entry.name).join("partition.metadata");
        let has_partition =
            || Ok(entry.is_dir && disk.exists(&dir.join(partition)).map_err(|source| io_error(dir, source))?);
        if is_kafkas(&entry.name) || has_partition()? {
            let (dir, found, of_cluster) = (dir.to_path_buf(), entry.name.clone(), cluster_of(disk, dir));
            return Err(IdentityError::Foreign { dir, found, of_cluster });
        }
    }
    Ok(())
}

/// Whose a directory is, without a change; an error as the start would have it. Beside a metadata log that lies in another
/// directory where one is named.
pub fn examine(
    disk: &Disk,
    dir: &Path,
    node_id: BrokerId,
    metadata_dir: Option<&Path>,
) -> Result<String, IdentityError> {
    match metadata_dir {
        None => drop(refuse_foreign(disk, dir)?),
        Some(metadata_dir) => {
            let has_metadata = disk.exists(&metadata_dir.join(METADATA)).unwrap_or(false);
            refuse_foreign_beside(disk, dir, metadata_dir, has_metadata)?;
        }
    }
    let Some(stored) = read(disk, dir)? else { return Ok("the directory is nobody's yet".to_owned()) };
    stored.expect(dir, "node.id", node_id.0.to_string())?;
    Ok(format!("node {node_id} of cluster {}", stored.value("cluster.id")))
}

/// ` with cluster.id=...`, or nothing.
fn cluster_of(disk: &Disk, dir: &Path) -> String {
    let stored = read(disk, dir).ok().flatten().unwrap_or_default();
    match stored.value("cluster.id") {
        "" => String::new(),
        id => format!(" with cluster.id={id}"),
    }
}

/// The `directory.id` of a directory that is this node's; nil where it cannot be read, and `None` when it is nobody's yet.
pub fn id_of(disk: &Disk, dir: &Path, node_id: BrokerId, cluster_id: Uuid) -> Result<Option<Uuid>, IdentityError> {
    let Some(stored) = read(disk, dir)? else { return Ok(None) };
    stored.expect(dir, "node.id", node_id.0.to_string())?;
    stored.expect(dir, "cluster.id", cluster_id.to_string())?;
    Ok(Some(stored.id()))
}

/// As [`id_of`], whosever the directory is; also `None` when it is not there.
pub fn stored_id(disk: &Disk, dir: &Path) -> Result<Option<Uuid>, IdentityError> {
    Ok(read(disk, dir)?.map(|stored| stored.id()))
}

/// Makes a directory this node's, durably, with a new id.
pub fn write(disk: &Disk, dir: &Path, node_id: BrokerId, cluster_id: Uuid, rng: &Rng) -> io::Result<Uuid> {
    let id = random_id(rng);
    let text = format!("version=1\nnode.id={node_id}\ncluster.id={cluster_id}\ndirectory.id={id}\n");
    disk.write_atomic(&dir.join(FILE), text.as_bytes())?;
    Ok(id)
}

/// What a `meta.properties` says; the later of two lines counts.
#[derive(Default)]
struct Stored(Vec<(String, String)>);

impl Stored {
    fn value(&self, key: &str) -> &str {
        self.0.iter().rev().find(|(stored, _)| stored == key).map_or("", |(_, value)| value.as_str())
    }

    fn id(&self) -> Uuid {
        self.value("directory.id").parse().unwrap_or_default()
    }

    fn expect(&self, dir: &Path, key: &'static str, own: String) -> Result<(), IdentityError> {
        let stored = self.value(key);
        if stored == own {
            return Ok(());
        }
        Err(IdentityError::Other { path: dir.join(FILE), key, stored: stored.to_owned(), own })
    }
}

fn read(disk: &Disk, dir: &Path) -> Result<Option<Stored>, IdentityError> {
    let path = dir.join(FILE);
    let io = |source| io_error(&path, source);
    if !disk.exists(&path).map_err(io)? {
        return Ok(None);
    }
    let bytes = disk.read(&path).map_err(io)?;
    let malformed = |error| io(io::Error::new(io::ErrorKind::InvalidData, error));
    parse_properties(FILE, &String::from_utf8_lossy(&bytes)).map(Stored).map(Some).map_err(malformed)
}

fn io_error(path: &Path, source: io::Error) -> IdentityError {
    IdentityError::Io { path: path.to_path_buf(), source }
}
