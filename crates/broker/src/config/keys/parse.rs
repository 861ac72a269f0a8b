//! Values of the broker's keys that are more than a number, a word or a text.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::support::{bounded, number};
use crate::config::times::HOUR_MS;
use crate::config::{Config, cores};

/// The default of thread counts here.
pub fn cores_text() -> String {
    cores().to_string()
}

/// Event loops.
pub fn loops(value: &str) -> Result<usize, String> {
    bounded(value, 1, 1024)
}

/// `process.roles`: a node that is a controller alone is not served.
pub fn roles(value: &str) -> Result<(), String> {
    match value.split(',').any(|role| role.trim() == "broker") {
        true => Ok(()),
        false => Err("a node is always broker and controller in one; a controller of its own is not served yet: \
                      use process.roles=broker,controller"
            .to_owned()),
    }
}

/// A list of directories, at least one.
pub fn directories(value: &str) -> Result<Vec<PathBuf>, String> {
    let dirs: Vec<&str> = value.split(',').map(str::trim).collect();
    match dirs.iter().any(|dir| dir.is_empty()) {
        true => Err("a directory is needed".to_owned()),
        false => Ok(dirs.into_iter().map(PathBuf::from).collect()),
    }
}

/// One directory; a list is no path of anybody's.
pub fn directory(value: &str) -> Result<PathBuf, String> {
    let mut dirs = directories(value)?;
    match dirs.len() {
        1 => Ok(dirs.remove(0)),
        _ => Err("must be one directory".to_owned()),
    }
}

/// A number of at least this, which is set.
pub fn no_less(value: &str, least: i64) -> Result<Option<i64>, String> {
    bounded(value, least, i64::MAX).map(Some)
}

/// A time in units of `unit_ms`; negative is no limit, and nothing is kept for no time at all.
pub fn retention(value: &str, unit_ms: i64) -> Result<Option<i64>, String> {
    match number::<i64>(value)? {
        ..0 => Ok(Some(-1)),
        0 => Err("must be unlimited (-1) or, greater than or equal to 1".to_owned()),
        units => Ok(Some(units.saturating_mul(unit_ms))),
    }
}

/// Hours, in milliseconds.
pub fn hours(value: &str) -> Result<Option<i64>, String> {
    number::<i64>(value).map(|hours| Some(hours.saturating_mul(HOUR_MS)))
}

/// Kafka's -1 means no limit; here memory is always bounded, so it means the default.
pub fn budget(value: &str) -> Result<u64, String> {
    match number::<i64>(value)? {
        ..=0 => Ok(Config::default().request_budget_bytes),
        bytes => Ok(bytes.unsigned_abs()),
    }
}

/// Kafka's negative value means never.
pub fn idle(value: &str) -> Result<Duration, String> {
    match number::<i64>(value)? {
        ..0 => Ok(Duration::MAX),
        ms => Ok(Duration::from_millis(ms.unsigned_abs())),
    }
}
