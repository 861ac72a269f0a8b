//! AlterUserScramCredentials: sets and removes SCRAM credentials (KIP-554).

use crate::{Array, ErrorCode, Message};

/// Credentials to remove and to set.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 51, versions = 0..=0, flexible = 0..)]
pub struct AlterUserScramCredentialsRequest<'a> {
    /// What to remove.
    pub deletions: Array<'a, ScramCredentialDeletion<'a>>,
    /// What to set.
    pub upsertions: Array<'a, ScramCredentialUpsertion<'a>>,
}

/// A credential to remove.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ScramCredentialDeletion<'a> {
    /// Its name.
    pub name: &'a str,
    /// 1: SCRAM-SHA-256, 2: SCRAM-SHA-512.
    pub mechanism: i8,
}

/// A credential to set.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ScramCredentialUpsertion<'a> {
    /// Its name.
    pub name: &'a str,
    /// 1: SCRAM-SHA-256, 2: SCRAM-SHA-512.
    pub mechanism: i8,
    /// The number of iterations.
    pub iterations: i32,
    /// The salt.
    pub salt: &'a [u8],
    /// The password, salted and hashed.
    pub salted_password: &'a [u8],
}

/// What became of each user.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 51, versions = 0..=0, flexible = 0..)]
pub struct AlterUserScramCredentialsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By user.
    pub results: Array<'a, AlterUserScramCredentialsResult<'a>>,
}

/// What became of one user.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterUserScramCredentialsResult<'a> {
    /// The user.
    pub user: &'a str,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
}
