//! How a command fails: a line on stderr, perhaps a hint, and an exit code that scripts can rely on.

use std::io::{self, Write};
use std::process::ExitCode;

use client::{CallError, ClientError, ErrorCode, GroupError, PollError, RequestError, SendError};

/// What an exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The reader of stdout has gone: nothing is said and nothing is wrong.
    Quiet = 0,
    /// The broker refused, data is damaged, or something else failed.
    Failed = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// No broker can be reached, or it does not answer.
    Unreachable = 3,
    /// What was named does not exist, or exists already.
    Existence = 4,
}

/// Why a command ends without success.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
    hint: Option<&'static str>,
}

impl Failure {
    /// The broker refused, data is damaged, or something else failed.
    pub fn failed(message: impl ToString) -> Failure {
        Failure { kind: Kind::Failed, message: message.to_string(), hint: None }
    }

    /// The arguments are wrong.
    pub fn usage(message: impl ToString) -> Failure {
        Failure { kind: Kind::Usage, message: message.to_string(), hint: Some("--help shows what is possible") }
    }

    /// No broker can be reached.
    pub fn unreachable(message: impl ToString) -> Failure {
        Failure { kind: Kind::Unreachable, message: message.to_string(), hint: None }
    }

    /// Reading or writing failed; a closed pipe is not worth a word.
    pub fn from_io(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure { kind: Kind::Quiet, message: String::new(), hint: None },
            _ => Failure::failed(error),
        }
    }

    /// The exit code's meaning.
    #[cfg(test)]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Tells the user on stderr, and the caller by the exit code.
    pub fn report(&self) -> ExitCode {
        if self.kind != Kind::Quiet {
            let hint = self.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            // Without a stderr there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {}{hint}", self.message);
        }
        ExitCode::from(self.kind as u8)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::from_io(error)
    }
}

impl From<&RequestError> for Failure {
    fn from(error: &RequestError) -> Failure {
        let (kind, hint) = match error {
            RequestError::Call(error) => of_call(error),
            RequestError::Refused(refusal) => of_code(refusal.code),
        };
        Failure { kind, message: error.to_string(), hint }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Failure {
        Failure::from(&error)
    }
}

impl From<client::Refusal> for Failure {
    fn from(refusal: client::Refusal) -> Failure {
        RequestError::from(refusal).into()
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        match error {
            ClientError::Address(error) => Failure::usage(error),
            ClientError::Request(error) => error.into(),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Failure {
        match error {
            SendError::Request(error) => Failure::from(&*error),
            SendError::NoSuchPartition { .. } => {
                Failure { kind: Kind::Existence, message: error.to_string(), hint: None }
            }
            error => Failure::failed(error),
        }
    }
}

impl From<PollError> for Failure {
    fn from(error: PollError) -> Failure {
        match error {
            PollError::Request(error) => error.into(),
            PollError::OffsetOutOfRange { .. } => {
                let hint = Some("`ottla topic describe` shows the offsets there are");
                Failure { hint, ..Failure::failed(error) }
            }
            error => Failure::failed(error),
        }
    }
}

impl From<GroupError> for Failure {
    fn from(error: GroupError) -> Failure {
        match error {
            GroupError::Poll(error) => error.into(),
            GroupError::Request(error) => error.into(),
            GroupError::Group(error) | GroupError::Commit(error) => Failure::from(&*error),
            error => Failure::failed(error),
        }
    }
}

fn of_call(error: &CallError) -> (Kind, Option<&'static str>) {
    match error {
        CallError::Connect(_) => {
            (Kind::Unreachable, Some("another broker is named with --bootstrap HOST:PORT, or by OTTLA_BOOTSTRAP"))
        }
        CallError::Closed { .. } | CallError::TimedOut { .. } => (Kind::Unreachable, None),
        _ => (Kind::Failed, None),
    }
}

fn of_code(code: ErrorCode) -> (Kind, Option<&'static str>) {
    match code {
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID => {
            (Kind::Existence, Some("`ottla topic list` shows the topics there are"))
        }
        ErrorCode::GROUP_ID_NOT_FOUND => (Kind::Existence, Some("`ottla group list` shows the groups there are")),
        ErrorCode::NON_EMPTY_GROUP | ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC => {
            (Kind::Failed, Some("`ottla group describe` shows its members; stop them first"))
        }
        ErrorCode::FENCED_INSTANCE_ID | ErrorCode::UNRELEASED_INSTANCE_ID => {
            (Kind::Failed, Some("another member uses the same --instance-id"))
        }
        ErrorCode::TOPIC_ALREADY_EXISTS => (Kind::Existence, Some("with --if-not-exists that is no error")),
        _ => (Kind::Failed, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_what_the_help_says() {
        let refused = |code| Failure::from(client::Refusal { subject: "x".into(), code, message: None }).kind();
        assert_eq!(refused(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), Kind::Existence);
        assert_eq!(refused(ErrorCode::TOPIC_ALREADY_EXISTS), Kind::Existence);
        assert_eq!(refused(ErrorCode::GROUP_ID_NOT_FOUND), Kind::Existence);
        assert_eq!(refused(ErrorCode::INVALID_CONFIG), Kind::Failed);
        assert_eq!(Failure::from_io(io::ErrorKind::BrokenPipe.into()).kind(), Kind::Quiet);
        let codes = [Kind::Quiet, Kind::Failed, Kind::Usage, Kind::Unreachable, Kind::Existence].map(|kind| kind as u8);
        assert_eq!(codes, [0, 1, 2, 3, 4]);
    }
}
