//! DescribeUserScramCredentials (key 50), version 0: who has which SCRAM credentials (KIP-554). Nobody has any.

use std::collections::HashMap;

use net::Outbox;
use wire::ErrorCode;
use wire::messages::describe_user_scram_credentials::{
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse, DescribeUserScramCredentialsResult,
};

use crate::api::{Call, Flow};
use crate::errors::KafkaError;

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
    let told: Vec<(&str, KafkaError)> =
        names.into_iter().map(|name| (name, refusal(name, occurrences[name]))).collect();
    let results = told.iter().map(|(user, error)| DescribeUserScramCredentialsResult {
        user,
        error_code: error.code,
        error_message: error.message.as_deref(),
        ..Default::default()
    });
    let response = DescribeUserScramCredentialsResponse {
        // Kafka's message of no error.
        error_message: Some(""),
        results: results.collect(),
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}

fn refusal(name: &str, times: usize) -> KafkaError {
    match times {
        1 => {
            let text = format!("Attempt to describe a user credential that does not exist: {name}");
            KafkaError::new(ErrorCode::RESOURCE_NOT_FOUND, text)
        }
        _ => {
            let text = format!("Cannot describe SCRAM credentials for the same user twice in a single request: {name}");
            KafkaError::new(ErrorCode::DUPLICATE_RESOURCE, text)
        }
    }
}
