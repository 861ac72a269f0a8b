//! Times that Kafka lets an operator give in several units: the finest unit that is set wins, in whatever order they come.

use super::topic::TopicConfig;

/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60 * 1000;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What was set, all in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Times {
    /// `log.retention.ms`.
    pub retention_ms: Option<i64>,
    /// `log.retention.minutes`.
    pub retention_minutes: Option<i64>,
    /// `log.retention.hours`.
    pub retention_hours: Option<i64>,
    /// `log.roll.ms`.
    pub roll_ms: Option<i64>,
    /// `log.roll.hours`.
    pub roll_hours: Option<i64>,
    /// `log.roll.jitter.ms`.
    pub jitter_ms: Option<i64>,
    /// `log.roll.jitter.hours`.
    pub jitter_hours: Option<i64>,
    /// `log.flush.interval.ms`.
    pub flush_ms: Option<i64>,
    /// `log.flush.scheduler.interval.ms`: also the default of the one before.
    pub flush_scheduler_ms: Option<i64>,
}

impl Times {
    /// Puts what was set into the defaults of topics.
    pub fn resolve(&self, defaults: &mut TopicConfig) {
        let retention = self.retention_ms.or(self.retention_minutes).or(self.retention_hours);
        let assign = |place: &mut i64, set: Option<i64>| *place = set.unwrap_or(*place);
        assign(&mut defaults.retention_ms, retention);
        assign(&mut defaults.segment_ms, self.roll_ms.or(self.roll_hours));
        assign(&mut defaults.segment_jitter_ms, self.jitter_ms.or(self.jitter_hours));
        assign(&mut defaults.flush_ms, self.flush_ms.or(self.flush_scheduler_ms));
    }
}
