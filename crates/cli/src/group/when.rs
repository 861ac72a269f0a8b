//! Times and durations as people and Kafka's tools write them. Pure.

/// Milliseconds since 1970 of a time such as `2026-11-21T14:02:00.500`, in UTC unless it ends in an offset such as `+01:00`; or
/// of `@` and milliseconds. Nothing is before 1970: times below 0 have other meanings to brokers.
pub fn datetime(text: &str) -> Result<i64, String> {
    let parsed = match text.strip_prefix('@') {
        Some(ms) => ms.parse().ok(),
        None => calendar(text),
    };
    parsed.map(|ms: i64| ms.max(0)).ok_or_else(|| {
        "a time such as 2026-11-21T14:02:00.000Z, or @ and milliseconds since 1970, is expected".to_owned()
    })
}

fn calendar(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let (time, offset_minutes) = zone(time)?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (number(date.next()?, 4)?, number(date.next()?, 2)?, number(date.next()?, 2)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let in_month = *usize::try_from(month).ok().and_then(|month| days_of.get(month.checked_sub(1)?))?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (number(time.next()?, 2)?, number(time.next()?, 2)?);
    let second = time.next().map_or(Some(0), |second| number(second, 2))?;
    let is_valid = (1..=in_month).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let ms = (!fraction.is_empty() && fraction.bytes().all(|digit| digit.is_ascii_digit()))
        .then(|| format!("{fraction:0<3}")[..3].parse::<i64>().ok())??;
    let seconds = (days(year, month, day) * 24 + hour) * 3_600 + (minute - offset_minutes) * 60 + second;
    is_valid.then_some(seconds * 1_000 + ms)
}

/// The time so long before now; nothing is before 1970.
pub fn since(now_ms: i64, ago_ms: i64) -> i64 {
    now_ms.saturating_sub(ago_ms).max(0)
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The time without its zone, and the zone in minutes.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(utc) = time.strip_suffix('Z') {
        return Some((utc, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, zone) = time.split_at(at);
    let (sign, zone) = if let Some(zone) = zone.strip_prefix('-') { (-1, zone) } else { (1, &zone[1..]) };
    let (hours, minutes) = match zone.split_once(':') {
        Some((hours, minutes)) => (number(hours, 2)?, number(minutes, 2)?),
        None if zone.len() == 4 => (number(zone.get(..2)?, 2)?, number(zone.get(2..)?, 2)?),
        None => (number(zone, 2)?, 0),
    };
    Some((time, sign * (hours * 60 + minutes)))
}

/// Days since 1970-01-01. Years are taken to begin in March, so that the leap day is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, year_of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    cycle * 146_097 + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year - 719_468
}

/// Milliseconds of a duration such as `90s`, `15m`, `2h`, `7d`, or in Kafka's form `P1DT2H30M`.
pub fn duration(text: &str) -> Result<i64, String> {
    let parsed = if text.starts_with('P') { iso_duration(text) } else { short_duration(text) };
    parsed.ok_or_else(|| "a duration such as 90s, 15m, 2h, 7d or P1DT2H30M is expected".to_owned())
}

fn short_duration(text: &str) -> Option<i64> {
    let (amount, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    amount.parse::<i64>().ok()?.checked_mul(unit)
}

fn iso_duration(text: &str) -> Option<i64> {
    let (date, time) = text.strip_prefix('P')?.split_once('T').unwrap_or((&text[1..], ""));
    let units = [(date, 'D', 86_400_000.0), (time, 'H', 3_600_000.0), (time, 'M', 60_000.0), (time, 'S', 1_000.0)];
    let (mut rest, mut part, mut ms, mut any) = (date, date, 0.0, false);
    for (of, letter, unit) in units {
        if !std::ptr::eq(of, part) {
            if !rest.is_empty() {
                return None;
            }
            (rest, part) = (of, of);
        }
        if let Some((amount, behind)) = rest.split_once(letter) {
            ms += amount.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0)? * unit;
            (rest, any) = (behind, true);
        }
    }
    (any && rest.is_empty() && ms < 9e15).then_some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_utc_or_with_an_offset() {
        let cases = [
            ("1970-01-01", 0),
            ("1970-01-01T00:00", 0),
            ("2000-02-29T00:00:00.000Z", 951_782_400_000),
            ("2024-02-29T23:59:59.999", 1_709_251_199_999),
            ("2024-03-01T00:59:59.9+01:00", 1_709_251_199_900),
            ("2024-02-29T18:59:59-0500", 1_709_251_199_000),
            ("1969-12-31T23:59:59Z", 0),
            ("1970-01-01T00:00+01:00", 0),
            ("@-1", 0),
            ("@-2", 0),
            ("@1709251199999", 1_709_251_199_999),
        ];
        for (text, ms) in cases {
            assert_eq!(datetime(text), Ok(ms), "{text}");
        }
        for wrong in
            ["", "2024", "2023-02-29", "2024-13-01", "2024-01-01T24:00", "2024-1-1", "@", "2024-01-01T00:00:00.x"]
        {
            assert!(datetime(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_time_ago_is_before_1970() {
        for (now, ago, ms) in [(5_000, 2_000, 3_000), (5_000, 5_000, 0), (5_000, 5_001, 0), (0, i64::MAX, 0)] {
            assert_eq!(since(now, ago), ms, "{now} {ago}");
        }
    }

    #[test]
    fn durations_are_read_in_both_forms() {
        let cases = [
            ("90s", 90_000),
            ("2h", 7_200_000),
            ("7d", 604_800_000),
            ("250ms", 250),
            ("PT0.5S", 500),
            ("P1DT2H30M", 95_400_000),
            ("P1D", 86_400_000),
        ];
        for (text, ms) in cases {
            assert_eq!(duration(text), Ok(ms), "{text}");
        }
        for wrong in ["", "5", "h", "P", "PT", "P1H", "PT1D", "-5s", "1w", "PT1S2H"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
