//! Files that the user names; the broker's own go through `host`.

use std::io::Read;
use std::path::Path;

use crate::failure::Failure;

/// Opens a file to be read; with its length in bytes.
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a file of the user's choice, only read")]
pub fn open(path: &Path) -> Result<(impl Read + Send + use<>, u64), Failure> {
    let cannot = |error| Failure::failed(format!("cannot read {}: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(cannot)?;
    let len = file.metadata().map_err(cannot)?.len();
    Ok((file, len))
}
