//! What a topic may be called.

use std::borrow::Cow;

/// The longest topic name, in bytes. The folder of a partition is the name, a dash and a number, and must stay within 255.
pub const MAX_TOPIC_NAME_LEN: usize = 249;

/// Why a topic may not have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The empty string.
    #[error("it is empty")]
    Empty,
    /// `.` or `..`, which are folders of their own.
    #[error("'.' and '..' are not allowed")]
    Dots,
    /// Longer than [`MAX_TOPIC_NAME_LEN`].
    #[error("its length of {0} exceeds the maximum of {max}", max = MAX_TOPIC_NAME_LEN)]
    TooLong(usize),
    /// A character outside `[a-zA-Z0-9._-]`.
    #[error("it has a character other than ASCII letters, digits, '.', '_' and '-'")]
    IllegalCharacter,
}

impl NameError {
    /// What Kafka tells who wanted `name`.
    pub fn told(self, name: &str) -> String {
        let why = match self {
            NameError::Empty => "the empty string is not allowed".to_owned(),
            NameError::Dots => format!("'{name}' is not allowed"),
            NameError::TooLong(_) => {
                format!("the length of '{name}' is longer than the max allowed length {MAX_TOPIC_NAME_LEN}")
            }
            NameError::IllegalCharacter => {
                format!("'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")
            }
        };
        format!("Topic name is invalid: {why}")
    }
}

/// Checks that a topic may be called `name`: 1 to 249 characters of `[a-zA-Z0-9._-]`, but neither `.` nor `..`.
pub fn check_topic_name(name: &str) -> Result<(), NameError> {
    match name {
        "" => Err(NameError::Empty),
        "." | ".." => Err(NameError::Dots),
        _ if name.len() > MAX_TOPIC_NAME_LEN => Err(NameError::TooLong(name.len())),
        _ if !name.bytes().all(is_legal) => Err(NameError::IllegalCharacter),
        _ => Ok(()),
    }
}

/// Names collide when they differ only in `.` and `_`: metric systems write both as `_`. Colliding names have the same form.
pub(crate) fn collision_form(name: &str) -> Cow<'_, str> {
    if name.contains('.') { Cow::Owned(name.replace('.', "_")) } else { Cow::Borrowed(name) }
}

fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

#[cfg(test)]
mod tests;
