//! AlterUserScramCredentials (key 51), version 0: sets and removes SCRAM credentials (KIP-554).
//!
//! Nobody can log in yet, so a credential that Kafka would take is refused with a reason, and none is there to be removed.

use std::collections::HashMap;

use net::Outbox;
use wire::ErrorCode;
use wire::messages::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, AlterUserScramCredentialsResult,
    ScramCredentialUpsertion,
};

use crate::api::{Call, Flow};

/// SCRAM-SHA-256 and SCRAM-SHA-512.
const MECHANISMS: [i8; 2] = [1, 2];
/// The bounds that Kafka has for both.
const ITERATIONS: std::ops::RangeInclusive<i32> = 4096..=16384;

type Refused = (ErrorCode, &'static str);

const NOT_THERE: Refused = (ErrorCode::RESOURCE_NOT_FOUND, "Attempt to delete a user credential that does not exist");
const TWICE: Refused = (ErrorCode::DUPLICATE_RESOURCE, "A user credential cannot be altered twice in the same request");
const NOT_SERVED: Refused = (
    ErrorCode::UNSUPPORTED_SASL_MECHANISM,
    "No SASL mechanism is served by this version, so credentials would be of no use",
);

/// Answers of each user, once.
pub fn handle(call: &Call<'_>, request: AlterUserScramCredentialsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let mut upserted: HashMap<(&str, i8), usize> = HashMap::new();
    for asked in &request.upsertions {
        *upserted.entry((asked.name, asked.mechanism)).or_insert(0) += 1;
    }
    let deletions = request.deletions.iter().map(|asked| {
        let refused = check_name_and_mechanism(asked.name, asked.mechanism).err().unwrap_or(NOT_THERE);
        (asked.name, refused)
    });
    let upsertions = request.upsertions.iter().map(|asked| {
        let is_repeated = upserted[&(asked.name, asked.mechanism)] > 1;
        let otherwise = if is_repeated { TWICE } else { NOT_SERVED };
        (asked.name, check_upsertion(&asked).err().unwrap_or(otherwise))
    });
    let mut users: Vec<&str> = Vec::new();
    let mut refusals: HashMap<&str, Refused> = HashMap::new();
    // The first error of a user is the one that counts, and deletions come first.
    for (name, refused) in deletions.chain(upsertions) {
        refusals.entry(name).or_insert_with(|| {
            users.push(name);
            refused
        });
    }
    let results = users.into_iter().map(|user| {
        let (error_code, text) = refusals[user];
        AlterUserScramCredentialsResult { user, error_code, error_message: Some(text) }
    });
    call.answer(outbox, &AlterUserScramCredentialsResponse { results: results.collect(), ..Default::default() });
    Flow::Done
}

fn check_upsertion(asked: &ScramCredentialUpsertion<'_>) -> Result<(), Refused> {
    check_name_and_mechanism(asked.name, asked.mechanism)?;
    match asked.iterations {
        few if few < *ITERATIONS.start() => Err((ErrorCode::UNACCEPTABLE_CREDENTIAL, "Too few iterations")),
        many if many > *ITERATIONS.end() => Err((ErrorCode::UNACCEPTABLE_CREDENTIAL, "Too many iterations")),
        _ => Ok(()),
    }
}

fn check_name_and_mechanism(name: &str, mechanism: i8) -> Result<(), Refused> {
    if name.is_empty() {
        return Err((ErrorCode::UNACCEPTABLE_CREDENTIAL, "Username must not be empty"));
    }
    match MECHANISMS.contains(&mechanism) {
        true => Ok(()),
        false => Err((ErrorCode::UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism")),
    }
}
