//! UnregisterBroker (key 64), version 0: forgets a broker that will not come back (KIP-746).
//!
//! The only broker there is runs, so it stays.

use net::Outbox;
use record::BrokerId;
use wire::ErrorCode;
use wire::messages::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};

use crate::api::{Call, Flow};

/// Answers from the image.
pub fn handle(call: &Call<'_>, request: UnregisterBrokerRequest, outbox: &mut Outbox) -> Flow {
    let id = BrokerId(request.broker_id);
    let (error_code, text) = match call.view.image().broker(id) {
        None => (ErrorCode::BROKER_ID_NOT_REGISTERED, format!("Broker ID {id} is not currently registered")),
        Some(_) => (ErrorCode::INVALID_REQUEST, format!("Broker ID {id} is running and cannot be unregistered")),
    };
    call.answer(outbox, &UnregisterBrokerResponse { error_code, error_message: Some(&text), ..Default::default() });
    Flow::Done
}
