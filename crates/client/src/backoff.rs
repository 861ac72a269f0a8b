//! How long to pause before a retry. Pure.

use std::time::Duration;

/// The pause doubles with each try up to `max`, and is then changed by up to a fifth either way (KIP-580), so that clients
/// that failed together do not come back together.
pub(crate) fn pause(first: Duration, max: Duration, tries: u32, random: u64) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(tries).unwrap_or(u32::MAX)).min(max.max(first));
    let jitter = 0.8 + 0.4 * (random >> 11) as f64 / (1_u64 << 53) as f64;
    doubled.mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ_by_a_fifth() {
        let (first, max) = (Duration::from_millis(100), Duration::from_secs(1));
        for (tries, expected_ms) in [(0, 100), (1, 200), (2, 400), (3, 800), (4, 1_000), (31, 1_000), (u32::MAX, 1_000)]
        {
            let shortest = pause(first, max, tries, 0);
            let longest = pause(first, max, tries, u64::MAX);
            assert_eq!(shortest, Duration::from_millis(expected_ms * 4 / 5), "{tries}");
            assert!(longest > Duration::from_millis(expected_ms * 6 / 5 - 1), "{tries}");
            assert!(longest <= Duration::from_millis(expected_ms * 6 / 5), "{tries}");
        }
    }
}
