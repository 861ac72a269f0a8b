//! DescribeUserScramCredentials: which users have which SCRAM credentials (KIP-554).

use crate::{Array, ErrorCode, Message};

/// Which users.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 50, versions = 0..=0, flexible = 0..)]
pub struct DescribeUserScramCredentialsRequest<'a> {
    /// The users; null or none for all.
    pub users: Option<Array<'a, UserName<'a>>>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct UserName<'a> {
    /// Its name.
    pub name: &'a str,
}

/// The credentials.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 50, versions = 0..=0, flexible = 0..)]
pub struct DescribeUserScramCredentialsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By user.
    pub results: Array<'a, DescribeUserScramCredentialsResult<'a>>,
}

/// The credentials of one user.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeUserScramCredentialsResult<'a> {
    /// The user.
    pub user: &'a str,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By mechanism.
    pub credential_infos: Array<'a, CredentialInfo>,
}

/// A credential, without its secret.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CredentialInfo {
    /// 1: SCRAM-SHA-256, 2: SCRAM-SHA-512.
    pub mechanism: i8,
    /// The number of iterations.
    pub iterations: i32,
}
