//! What the operator lets groups set for themselves: `group.consumer.min.*` and `group.consumer.max.*`.

use super::groups::GroupsConfig;

/// The least and the most of one setting, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of `group.consumer.min.*`.
    pub least: i64,
    /// Of `group.consumer.max.*`.
    pub most: i64,
}

/// The bounds of a consumer group's own settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerBounds {
    /// Of `consumer.session.timeout.ms`.
    pub session_timeout: Bounds,
    /// Of `consumer.heartbeat.interval.ms`.
    pub heartbeat_interval: Bounds,
    /// Of `consumer.assignment.interval.ms`.
    pub assignment_interval: Bounds,
}

impl Default for ConsumerBounds {
    /// Kafka's defaults.
    fn default() -> ConsumerBounds {
        ConsumerBounds {
            session_timeout: Bounds { least: 45_000, most: 60_000 },
            heartbeat_interval: Bounds { least: 5_000, most: 15_000 },
            assignment_interval: Bounds { least: 0, most: 15_000 },
        }
    }
}

impl ConsumerBounds {
    /// Of a group's key without its `consumer.`.
    pub fn of(&self, setting: &str) -> Option<Bounds> {
        match setting {
            "session.timeout.ms" => Some(self.session_timeout),
            "heartbeat.interval.ms" => Some(self.heartbeat_interval),
            "assignment.interval.ms" => Some(self.assignment_interval),
            _ => None,
        }
    }
}

/// A broker's setting that contradicts another of its settings, with what would be valid in Kafka's words.
pub struct Contradiction {
    /// The setting.
    pub key: String,
    /// Its value.
    pub value: i64,
    /// How it has to stand to the other one.
    pub reason: String,
}

/// Whether the settings of all groups are within the bounds of a single one, and a member may miss a heartbeat.
pub fn check(groups: &GroupsConfig) -> Result<(), Contradiction> {
    let (consumer, bounds) = (&groups.settings.consumer, &groups.consumer_bounds);
    let session = i64::try_from(consumer.session_timeout.as_millis()).unwrap_or(i64::MAX);
    let heartbeat = i64::try_from(consumer.heartbeat_interval.as_millis()).unwrap_or(i64::MAX);
    let assignment = i64::try_from(consumer.assignment_interval.as_millis()).unwrap_or(i64::MAX);
    let key = |setting: &str| format!("group.consumer.{setting}");
    for (setting, value, Bounds { least, most }) in [
        ("session.timeout.ms", session, bounds.session_timeout),
        ("heartbeat.interval.ms", heartbeat, bounds.heartbeat_interval),
        ("assignment.interval.ms", assignment, bounds.assignment_interval),
    ] {
        let (min, max) = (key(&format!("min.{setting}")), key(&format!("max.{setting}")));
        if most < least {
            let reason = format!("must be greater than or equal to {min}, which is {least}");
            return Err(Contradiction { key: max, value: most, reason });
        }
        let reason = match value {
            _ if value < least => format!("must be greater than or equal to {min}, which is {least}"),
            _ if value > most => format!("must be less than or equal to {max}, which is {most}"),
            _ => continue,
        };
        return Err(Contradiction { key: key(setting), value, reason });
    }
    if heartbeat >= session {
        let reason = format!("must be less than {}, which is {session}", key("session.timeout.ms"));
        return Err(Contradiction { key: key("heartbeat.interval.ms"), value: heartbeat, reason });
    }
    Ok(())
}
