//! UpdateFeatures: all levels are changed, or none.

use record::BrokerId;

use super::Decision;
use crate::records::FeatureRecord;
use crate::{Image, Refusal};

/// Levels that features should have.
#[derive(Debug, Clone)]
pub struct UpdateFeatures {
    /// By feature.
    pub updates: Vec<FeatureUpdate>,
    /// Check and answer as if, but change nothing.
    pub validate_only: bool,
    /// What all nodes can do.
    pub supported: &'static [SupportedFeature],
    /// Who decides, for the texts.
    pub node: BrokerId,
}

/// A feature that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupportedFeature {
    /// Kafka's name, such as `transaction.version`.
    pub name: &'static str,
    /// The lowest level; 0 where the cluster can do without it.
    pub min_level: i16,
    /// The highest level.
    pub max_level: i16,
    /// The level where none was ever set.
    pub initial_level: i16,
}

/// The level that one feature should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureUpdate {
    /// Its name.
    pub name: String,
    /// The level.
    pub level: i16,
    /// In which direction it may go.
    pub upgrade_type: UpgradeType,
}

/// In which direction a level may go (KIP-778).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeType {
    /// A number that Kafka never gave.
    Unknown,
    /// Up.
    Upgrade,
    /// Down, where nothing is lost.
    SafeDowngrade,
    /// Down.
    UnsafeDowngrade,
}

impl SupportedFeature {
    /// The level in use.
    pub fn level_in(&self, image: &Image) -> i16 {
        match image.feature(self.name) {
            0 => self.initial_level,
            level => level,
        }
    }
}

pub(super) fn decide(image: &Image, intent: &UpdateFeatures) -> Result<Decision<()>, Refusal> {
    let mut records = Vec::new();
    for update in &intent.updates {
        let current = check(image, intent, update).map_err(|reason| {
            let FeatureUpdate { name, level, .. } = update;
            Refusal::InvalidUpdateVersion(format!("Invalid update version {level} for feature {name}. {reason}"))
        })?;
        if update.level != current {
            records.push(FeatureRecord { name: update.name.as_str().into(), level: update.level }.into());
        }
    }
    if intent.validate_only {
        records.clear();
    }
    Ok(Decision { records, reply: () })
}

/// The level of a feature now, if it may be changed as asked.
fn check(image: &Image, intent: &UpdateFeatures, update: &FeatureUpdate) -> Result<i16, String> {
    if update.upgrade_type == UpgradeType::Unknown {
        return Err("The controller does not support the given upgrade type.".to_owned());
    }
    if update.level < 0 {
        return Err("A feature version cannot be less than 0.".to_owned());
    }
    let supported = intent.supported.iter().find(|feature| feature.name == update.name);
    let supported = supported.ok_or_else(|| match update.level {
        // Level 0 is that of a feature that is not in use, which needs nobody's support.
        0 => format!("Feature {} not found.", update.name),
        _ => format!("Local controller {} does not support this feature.", intent.node),
    })?;
    let SupportedFeature { min_level, max_level, .. } = *supported;
    if !(min_level..=max_level).contains(&update.level) {
        return Err(format!("Local controller {} only supports versions {min_level}-{max_level}", intent.node));
    }
    let current = supported.level_in(image);
    match (update.level.cmp(&current), update.upgrade_type) {
        (std::cmp::Ordering::Less, UpgradeType::Upgrade) => Err(
            "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade."
                .to_owned(),
        ),
        (std::cmp::Ordering::Greater, UpgradeType::SafeDowngrade | UpgradeType::UnsafeDowngrade) => {
            Err("Can't downgrade to a newer version.".to_owned())
        }
        _ => Ok(current),
    }
}

#[cfg(test)]
mod tests;
