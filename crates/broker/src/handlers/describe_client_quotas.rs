//! DescribeClientQuotas (key 48), versions 0-1: quotas of users, clients and addresses (KIP-546). v1 flexible. There are
//! none.

use std::collections::HashSet;

use net::Outbox;
use wire::messages::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, DescribeClientQuotasResponse,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow};
use crate::errors::KafkaError;

const MIXED: &str = "Invalid entity filter component combination. IP filter component should not be used with user or \
                     clientId filter component.";

/// Checks the question; the answer is that no quota is set.
pub fn handle(call: &Call<'_>, request: DescribeClientQuotasRequest<'_>, outbox: &mut Outbox) -> Flow {
    let checked = check(&request);
    let response = match &checked {
        Ok(()) => DescribeClientQuotasResponse {
            // Kafka's message of no error.
            error_message: Some(""),
            entries: Some(Array::EMPTY),
            ..Default::default()
        },
        Err(error) => DescribeClientQuotasResponse {
            error_code: error.code,
            error_message: error.message.as_deref(),
            entries: None,
            ..Default::default()
        },
    };
    call.answer(outbox, &response);
    Flow::Done
}

fn check(request: &DescribeClientQuotasRequest<'_>) -> Result<(), KafkaError> {
    let mut types = HashSet::new();
    for component in &request.components {
        match component.entity_type {
            "" => return Err(invalid("Invalid empty entity type.".to_owned())),
            kind if types.contains(kind) => {
                return Err(invalid(format!("Entity type {kind} cannot appear more than once in the filter.")));
            }
            "user" | "client-id" | "ip" => {}
            other => {
                let text = format!("Unsupported entity type {other}");
                return Err(KafkaError::new(ErrorCode::UNSUPPORTED_VERSION, text));
            }
        }
        check_match(&component)?;
        types.insert(component.entity_type);
    }
    match types.contains("ip") && types.len() > 1 {
        true => Err(invalid(MIXED.to_owned())),
        false => Ok(()),
    }
}

fn check_match(component: &ComponentData<'_>) -> Result<(), KafkaError> {
    match (component.match_type, component.r#match) {
        (0, None) => Err(invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.".to_owned())),
        (0, Some(_)) | (1 | 2, None) => Ok(()),
        (1, Some(_)) => {
            Err(invalid("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.".to_owned()))
        }
        (2, Some(_)) => {
            Err(invalid("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.".to_owned()))
        }
        (other, _) => Err(invalid(format!("Unknown match type {other}"))),
    }
}

fn invalid(text: String) -> KafkaError {
    KafkaError::new(ErrorCode::INVALID_REQUEST, text)
}
