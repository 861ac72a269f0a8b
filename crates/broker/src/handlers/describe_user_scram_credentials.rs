//! DescribeUserScramCredentials (key 50), version 0: who has which SCRAM credentials (KIP-554). Nobody has any.

use std::collections::HashMap;

use net::Outbox;
use wire::ErrorCode;
use wire::messages::describe_user_scram_credentials::{
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse, DescribeUserScramCredentialsResult,
};

use crate::api::{Call, Flow};

/// Answers of each user that was named, once; all users are none.
pub fn handle(call: &Call<'_>, request: DescribeUserScramCredentialsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let mut names: Vec<&str> = Vec::new();
    let mut occurrences: HashMap<&str, usize> = HashMap::new();
    for user in request.users.iter().flatten() {
        let seen = occurrences.entry(user.name).or_insert(0);
        *seen += 1;
        if *seen == 1 {
            names.push(user.name);
        }
    }
    let told: Vec<(&str, ErrorCode, String)> = names.into_iter().map(|name| refusal(name, occurrences[name])).collect();
    let results = told.iter().map(|(user, error_code, text)| DescribeUserScramCredentialsResult {
        user,
        error_code: *error_code,
        error_message: Some(text),
        ..Default::default()
    });
    call.answer(outbox, &DescribeUserScramCredentialsResponse { results: results.collect(), ..Default::default() });
    Flow::Done
}

fn refusal(name: &str, times: usize) -> (&str, ErrorCode, String) {
    match times {
        1 => {
            let text = format!("Attempt to describe a user credential that does not exist: {name}");
            (name, ErrorCode::RESOURCE_NOT_FOUND, text)
        }
        _ => {
            let text = format!("Cannot describe SCRAM credentials for the same user twice in a single request: {name}");
            (name, ErrorCode::DUPLICATE_RESOURCE, text)
        }
    }
}
