//! Settings that the broker has under several names, of coarser and finer units.

/// One of the broker's names of a setting: how many milliseconds its unit has (1 where it has no unit), and its default.
pub struct Synonym(pub &'static str, pub i64, pub Option<&'static str>);

/// The first name that is set wins. All but the first are read at start only.
const FAMILIES: &[&[Synonym]] = &[
    &[
        Synonym("log.flush.interval.ms", 1, None),
        Synonym("log.flush.scheduler.interval.ms", 1, Some("9223372036854775807")),
    ],
    &[
        Synonym("log.retention.ms", 1, None),
        Synonym("log.retention.minutes", 60_000, None),
        Synonym("log.retention.hours", 3_600_000, Some("168")),
    ],
    &[Synonym("log.roll.jitter.ms", 1, None), Synonym("log.roll.jitter.hours", 3_600_000, Some("0"))],
    &[Synonym("log.roll.ms", 1, None), Synonym("log.roll.hours", 3_600_000, Some("168"))],
];

/// All names of the setting that `name` is one of, the first in force first; none for a key of one name.
pub fn of(name: &str) -> Option<&'static [Synonym]> {
    FAMILIES.iter().copied().find(|family| family.iter().any(|synonym| synonym.0 == name))
}
