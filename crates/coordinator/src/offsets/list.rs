//! ListGroups.

use std::sync::Arc;

use super::ListedGroup;
use crate::Shard;

impl Shard {
    /// ListGroups: states (KIP-518) and types (KIP-848) to list, by any spelling of their letters; none for all. What is no
    /// state or type matches no group.
    pub fn list_groups(&self, states: &[&str], types: &[&str]) -> Vec<ListedGroup> {
        let is_listed = |wanted: &[&str], name: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        let states: Vec<&str> = states.iter().map(|state| state.trim()).collect();
        let listed = |(name, group): (&Arc<str>, &crate::shard::Group)| ListedGroup {
            group: Arc::clone(name),
            protocol_type: group.protocol_type().into(),
            state: group.state_name(),
            group_type: group.type_name(),
        };
        let groups = self.groups.iter().map(listed);
        groups.filter(|group| is_listed(&states, group.state) && is_listed(types, group.group_type)).collect()
    }
}
