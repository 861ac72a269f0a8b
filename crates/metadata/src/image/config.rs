//! The configurations of one resource.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys that were set, with their values as given. A key that is absent has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configs(BTreeMap<Arc<str>, Arc<str>>);

impl Configs {
    /// The value of a key, if it was set.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| &**value)
    }

    /// All keys that were set, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.0.iter()
    }

    /// Whether nothing was set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn set(&mut self, key: Arc<str>, value: Arc<str>) {
        self.0.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }
}
