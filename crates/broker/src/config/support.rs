//! What Ottla does with a configuration key, for the broker's keys and a topic's alike.

use std::time::Duration;

/// What happens with a value that is set on `C`.
pub enum Support<C: 'static> {
    /// Parsed into the settings; the error says what would be valid.
    Obeyed(fn(&mut C, &str) -> Result<(), String>),
    /// Only this value, Kafka's default, is served so far; anything else is refused with the reason.
    Only(&'static str, &'static str),
    /// Known, and there is nothing here that it could change: why.
    NoEffect(&'static str),
}

impl<C> Clone for Support<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Support<C> {}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// It does not parse or is out of bounds.
    Invalid {
        /// The value, or the part of it that is wrong.
        value: String,
        /// What would be valid.
        reason: String,
    },
    /// It asks for something that Ottla does not do yet.
    Unsupported(String),
}

impl Rejection {
    /// For a client, in Kafka's words where it has any.
    pub fn text(&self, name: &str, value: &str) -> String {
        match self {
            Rejection::Invalid { value, reason } => format!("Invalid value {value} for configuration {name}: {reason}"),
            Rejection::Unsupported(reason) => format!("{name}={value} is not supported yet: {reason}"),
        }
    }
}

impl<C> Support<C> {
    /// Takes a valid `value` into `settings`. `Ok(Some(why))` when it has no effect.
    pub fn apply(&self, settings: &mut C, value: &str) -> Result<Option<&'static str>, Rejection> {
        match self {
            Support::Obeyed(set) => {
                let invalid = |reason| Rejection::Invalid { value: value.to_owned(), reason };
                set(settings, value).map(|()| None).map_err(invalid)
            }
            Support::Only(accepted, reason) if *accepted != value => {
                let shown = if accepted.is_empty() { "an empty value" } else { accepted };
                Err(Rejection::Unsupported(format!("{reason} (only {shown} is accepted)")))
            }
            Support::Only(..) => Ok(None),
            Support::NoEffect(why) => Ok(Some(why)),
        }
    }
}

/// Stores a parsed value.
pub fn put<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

/// A whole number, the bounds of which were checked.
pub fn number<T: TryFrom<i64>>(value: &str) -> Result<T, String> {
    let number = value.trim().parse::<i64>().ok().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| "Not a number in the range of this setting".to_owned())
}

/// A whole number within bounds, both included.
pub fn bounded<T: TryFrom<i64>>(value: &str, least: i64, most: i64) -> Result<T, String> {
    let number: i64 = value.trim().parse().map_err(|_| "Not a number".to_owned())?;
    if number < least {
        return Err(format!("Value must be at least {least}"));
    }
    let converted = (number <= most).then(|| T::try_from(number).ok()).flatten();
    converted.ok_or_else(|| format!("Value must be no more than {most}"))
}

/// Milliseconds, zero included.
pub fn millis(value: &str) -> Result<Duration, String> {
    bounded(value, 0, i64::MAX).map(Duration::from_millis)
}

/// `true` or `false`, in any case.
pub fn boolean(value: &str) -> Result<bool, String> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("Expected value to be either true or false".to_owned()),
    }
}
