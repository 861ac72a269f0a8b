//! Types of values and their bounds, with Kafka's words for what is wrong.

use std::borrow::Cow;

use super::support::Rejection;

/// The type of a key's values, as DescribeConfigs numbers it (KIP-569).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Kafka says nothing of it: levels of loggers.
    Unknown = 0,
    /// `true` or `false`.
    Boolean = 1,
    /// Any text.
    String = 2,
    /// A whole number of 32 bits.
    Int = 3,
    /// A whole number of 16 bits.
    Short = 4,
    /// A whole number of 64 bits.
    Long = 5,
    /// A number.
    Double = 6,
    /// Texts with commas between them.
    List = 7,
    /// The name of a Java class.
    Class = 8,
    /// A secret: its value is never told.
    Password = 9,
}

impl Kind {
    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unknown => "UNKNOWN",
            Kind::Boolean => "BOOLEAN",
            Kind::String => "STRING",
            Kind::Int => "INT",
            Kind::Short => "SHORT",
            Kind::Long => "LONG",
            Kind::Double => "DOUBLE",
            Kind::List => "LIST",
            Kind::Class => "CLASS",
            Kind::Password => "PASSWORD",
        }
    }

    /// Whether a value has the type.
    pub fn check(self, value: &str) -> Result<(), Rejection> {
        let trimmed = value.trim();
        let fits = match self {
            Kind::Boolean => {
                let known = trimmed.eq_ignore_ascii_case("true") || trimmed.eq_ignore_ascii_case("false");
                return if known { Ok(()) } else { Err(invalid(value, "Expected value to be either true or false")) };
            }
            Kind::Int => trimmed.parse::<i32>().is_ok(),
            Kind::Short => trimmed.parse::<i16>().is_ok(),
            Kind::Long => trimmed.parse::<i64>().is_ok(),
            Kind::Double => trimmed.parse::<f64>().is_ok(),
            Kind::Unknown | Kind::String | Kind::List | Kind::Class | Kind::Password => true,
        };
        if fits { Ok(()) } else { Err(invalid(value, &format!("Not a number of type {}", self.name()))) }
    }

    /// A valid value as Kafka tells it: without blanks around it, lists without repetitions.
    pub fn told(self, value: &str) -> Cow<'_, str> {
        let trimmed = value.trim();
        match self {
            Kind::Boolean => trimmed.to_ascii_lowercase().into(),
            Kind::List if trimmed.contains(',') => parts(trimmed).collect::<Vec<_>>().join(",").into(),
            Kind::Int | Kind::Short | Kind::Long => {
                trimmed.parse::<i64>().map_or(trimmed.into(), |number| number.to_string().into())
            }
            _ => trimmed.into(),
        }
    }
}

/// Which values of a type are valid.
#[derive(Debug, Clone, Copy)]
pub enum Valid {
    /// All.
    Any,
    /// Numbers of at least this.
    AtLeast(i64),
    /// Numbers within bounds, both included.
    Between(i64, i64),
    /// -1, or numbers within bounds.
    BetweenOrMinusOne(i64, i64),
    /// Fractions from 0 to this.
    UpTo(f64),
    /// One of these words, or a list of them.
    OneOf(&'static [&'static str]),
    /// One of these words, in any case.
    OneOfAnyCase(&'static [&'static str]),
    /// Texts that are not empty.
    NotEmpty,
    /// `*`, or a list of `partition:broker`.
    Replicas,
    /// `latest`, `earliest` or `by_duration:` with a duration.
    OffsetReset,
}

impl Valid {
    /// Whether a value of the type lies within the bounds; it is the key `name`'s.
    pub fn check(self, name: &str, kind: Kind, value: &str) -> Result<(), Rejection> {
        let trimmed = value.trim();
        match self {
            Valid::Any => Ok(()),
            Valid::AtLeast(least) => within(trimmed, least, i64::MAX),
            Valid::Between(least, most) => within(trimmed, least, most),
            Valid::BetweenOrMinusOne(least, most) => match within(trimmed, least, most) {
                Err(_) if trimmed != "-1" => {
                    Err(invalid(trimmed, &format!("Value must be between {least} and {most} or equal to -1")))
                }
                _ => Ok(()),
            },
            Valid::UpTo(most) => match trimmed.parse::<f64>() {
                Ok(number) if number < 0.0 => Err(invalid(trimmed, "Value must be at least 0")),
                Ok(number) if number <= most => Ok(()),
                _ => Err(invalid(trimmed, &format!("Value must be no more than {most}"))),
            },
            Valid::OneOf(words) if kind == Kind::List => parts(trimmed).try_for_each(|part| one_of(part, words)),
            Valid::OneOf(words) => one_of(trimmed, words),
            Valid::OneOfAnyCase(words) if words.iter().any(|word| word.eq_ignore_ascii_case(trimmed)) => Ok(()),
            Valid::OneOfAnyCase(words) => {
                Err(invalid(trimmed, &format!("String must be one of (case insensitive): {}", words.join(", "))))
            }
            Valid::NotEmpty if trimmed.is_empty() => Err(invalid(trimmed, "String must be non-empty")),
            Valid::NotEmpty => Ok(()),
            Valid::Replicas => replicas(name, trimmed),
            Valid::OffsetReset => offset_reset(trimmed),
        }
    }

    /// The bounds, for people; empty where all values are valid.
    pub fn text(self) -> String {
        match self {
            Valid::Any => String::new(),
            Valid::AtLeast(least) => format!("{least} or more"),
            Valid::Between(least, most) => format!("{least} to {most}"),
            Valid::BetweenOrMinusOne(least, most) => format!("{least} to {most}, or -1"),
            Valid::UpTo(most) => format!("0 to {most}"),
            Valid::OneOf(words) | Valid::OneOfAnyCase(words) => words.join(", "),
            Valid::NotEmpty => "not empty".to_owned(),
            Valid::Replicas => "`*`, or partition:broker,...".to_owned(),
            Valid::OffsetReset => "latest, earliest, by_duration:PnDTnHnMnS".to_owned(),
        }
    }
}

/// The parts of a list, each once.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let mut seen = std::collections::HashSet::new();
    value.split(',').map(str::trim).filter(move |part| !part.is_empty() && seen.insert(*part))
}

fn within(value: &str, least: i64, most: i64) -> Result<(), Rejection> {
    match value.parse::<i64>() {
        Ok(number) if number < least => Err(invalid(value, &format!("Value must be at least {least}"))),
        Ok(number) if number <= most => Ok(()),
        _ => Err(invalid(value, &format!("Value must be no more than {most}"))),
    }
}

fn one_of(word: &str, words: &[&str]) -> Result<(), Rejection> {
    match words.contains(&word) {
        true => Ok(()),
        false => Err(invalid(word, &format!("String must be one of: {}", words.join(", ")))),
    }
}

fn replicas(name: &str, value: &str) -> Result<(), Rejection> {
    let pair = |part: &str| {
        let (partition, broker) = part.split_once(':')?;
        (partition.parse::<u32>().is_ok() && broker.parse::<u32>().is_ok()).then_some(())
    };
    match value == "*" || parts(value).all(|part| pair(part).is_some()) {
        true => Ok(()),
        false => Err(invalid(
            &format!("[{value}]"),
            &format!(
                "{name} must be the literal '*' or a list of replicas in the following format: \
                 [partitionId]:[brokerId],[partitionId]:[brokerId],..."
            ),
        )),
    }
}

fn offset_reset(value: &str) -> Result<(), Rejection> {
    let duration = |text: &str| {
        let count = text.strip_prefix('P')?;
        let units = count.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'D' | b'T' | b'H' | b'M' | b'S' | b'.'));
        (units && count.ends_with(['D', 'H', 'M', 'S'])).then_some(())
    };
    let known = matches!(value, "latest" | "earliest")
        || value.strip_prefix("by_duration:").is_some_and(|text| duration(text).is_some());
    match known {
        true => Ok(()),
        false => Err(invalid(
            value,
            "The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
        )),
    }
}

fn invalid(value: &str, reason: &str) -> Rejection {
    Rejection::Invalid { value: value.to_owned(), reason: reason.to_owned() }
}
