//! The configurations of one resource.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::records::ConfigRecord;

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

    pub(super) fn assign(&mut self, r: &ConfigRecord) {
        match &r.value {
            Some(value) => self.0.insert(Arc::clone(&r.key), Arc::clone(value)),
            None => self.0.remove(&r.key),
        };
    }
}

/// Configurations of resources that exist only by being configured: the last config that goes takes the resource with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedConfigs(BTreeMap<Arc<str>, Arc<Configs>>);

impl NamedConfigs {
    /// What was configured for the resource of this name.
    pub fn of(&self, name: &str) -> Option<&Arc<Configs>> {
        self.0.get(name)
    }

    /// All resources, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Configs>)> {
        self.0.iter()
    }

    /// How many resources there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn assign(&mut self, name: &Arc<str>, r: &ConfigRecord) {
        let configs = self.0.entry(Arc::clone(name)).or_default();
        Arc::make_mut(configs).assign(r);
        if configs.is_empty() {
            self.0.remove(name);
        }
    }
}
