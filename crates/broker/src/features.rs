//! The features of the cluster (KIP-584): what this program can do only where all nodes can.
//!
//! A feature is told when it is served, not when its name is known: clients choose protocols by it.

use metadata::Image;
use metadata::decide::SupportedFeature;

/// What is served, by name.
///
/// The level of `metadata.version` is that of the Kafka release whose APIs are served (4.3-IV0); tools show it and compare
/// releases by it. The records of the metadata log are not Kafka's, so there are no other levels to go to.
///
/// Level 1 of `group.version` is the consumer protocol of groups (KIP-848).
pub const SUPPORTED: &[SupportedFeature] = &[
    SupportedFeature { name: "group.version", min_level: 0, max_level: 1, initial_level: 1 },
    SupportedFeature { name: "metadata.version", min_level: 30, max_level: 30, initial_level: 30 },
];

/// The features in use, with their levels.
pub fn finalized(image: &Image) -> impl Iterator<Item = (&'static str, i16)> {
    SUPPORTED.iter().map(|feature| (feature.name, feature.level_in(image))).filter(|(_, level)| *level > 0)
}
