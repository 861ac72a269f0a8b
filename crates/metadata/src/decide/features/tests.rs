//! Updates, with their verdicts.

use super::*;
use crate::testing::{brokers, committed};

const SUPPORTED: &[SupportedFeature] = &[
    SupportedFeature { name: "a.version", min_level: 0, max_level: 3, initial_level: 0 },
    SupportedFeature { name: "m.version", min_level: 7, max_level: 9, initial_level: 8 },
];

fn update(name: &str, level: i16, upgrade_type: UpgradeType) -> FeatureUpdate {
    FeatureUpdate { name: name.to_owned(), level, upgrade_type }
}

fn decided(image: &Image, updates: Vec<FeatureUpdate>) -> Result<Decision<()>, Refusal> {
    decide(image, &UpdateFeatures { updates, validate_only: false, supported: SUPPORTED, node: BrokerId(1) })
}

#[test]
fn levels_go_up_and_where_it_is_allowed_down() {
    use UpgradeType::{SafeDowngrade, UnsafeDowngrade, Upgrade};
    let mut image = brokers(&[1], &[]);
    for (name, level, upgrade_type) in [
        ("a.version", 3, Upgrade),
        ("a.version", 1, SafeDowngrade),
        ("a.version", 0, UnsafeDowngrade),
        ("m.version", 9, Upgrade),
        ("m.version", 7, SafeDowngrade),
    ] {
        let decision = decided(&image, vec![update(name, level, upgrade_type)]).unwrap();
        image = committed(&image, &decision);
        let feature = SUPPORTED.iter().find(|feature| feature.name == name).unwrap();
        assert_eq!((decision.records.len(), feature.level_in(&image)), (1, level), "{name}");
    }
}

#[test]
fn the_level_that_is_there_already_needs_no_record() {
    for upgrade_type in [UpgradeType::Upgrade, UpgradeType::SafeDowngrade] {
        let decision = decided(&brokers(&[1], &[]), vec![update("m.version", 8, upgrade_type)]).unwrap();
        assert_eq!(decision.records, []);
    }
}

#[test]
fn what_cannot_be_done_is_refused_with_all_that_came_with_it() {
    use UpgradeType::{SafeDowngrade, Unknown, Upgrade};
    let table = [
        (update("b.version", 1, Upgrade), "1 for feature b.version. Local controller 1 does not support this feature."),
        (update("b.version", 0, SafeDowngrade), "0 for feature b.version. Feature b.version not found."),
        (update("a.version", 4, Upgrade), "4 for feature a.version. Local controller 1 only supports versions 0-3"),
        (
            update("m.version", 0, SafeDowngrade),
            "0 for feature m.version. Local controller 1 only supports versions 7-9",
        ),
        (update("a.version", -1, Upgrade), "-1 for feature a.version. A feature version cannot be less than 0."),
        (update("m.version", 9, SafeDowngrade), "9 for feature m.version. Can't downgrade to a newer version."),
        (
            update("a.version", 1, Unknown),
            "1 for feature a.version. The controller does not support the given upgrade type.",
        ),
        (
            update("m.version", 7, Upgrade),
            "7 for feature m.version. Can't downgrade the version of this feature without setting the upgrade type to either \
             safe or unsafe downgrade.",
        ),
    ];
    for (refused, expected) in table {
        let result = decided(&brokers(&[1], &[]), vec![update("a.version", 1, Upgrade), refused]);
        assert_eq!(result, Err(Refusal::InvalidUpdateVersion(format!("Invalid update version {expected}"))));
    }
}

#[test]
fn validation_alone_changes_nothing() {
    let updates = vec![update("a.version", 1, UpgradeType::Upgrade)];
    let intent = UpdateFeatures { updates, validate_only: true, supported: SUPPORTED, node: BrokerId(1) };
    assert_eq!(decide(&brokers(&[1], &[]), &intent).unwrap().records, []);
}
