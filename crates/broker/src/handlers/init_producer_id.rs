//! InitProducerId (key 22), versions 0-5: a producer id for an idempotent producer. v2 flexible, v3 epoch bumping
//! (KIP-360), v4 PRODUCER_FENCED, v5 TRANSACTION_ABORTABLE (KIP-890).

use std::sync::Arc;

use net::Outbox;
use record::ProducerId;
use wire::ErrorCode;
use wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use crate::api::{Call, Flow, Respond};

/// Ids come from a block that this node holds; a used-up block is replaced first.
pub fn handle(call: &Call<'_>, request: InitProducerIdRequest<'_>, outbox: &mut Outbox) -> Flow {
    let respond = call.respond();
    if let Some(error) = refusal(&request) {
        answer(&respond, Err(error), outbox);
        return Flow::Done;
    }
    if let Some(id) = call.node.producer_ids.take() {
        answer(&respond, Ok(id), outbox);
        return Flow::Done;
    }
    let node = Arc::clone(call.node);
    Flow::wait(async move {
        let id = node.producer_ids.take_from_next_block(&node.control).await;
        move |outbox: &mut Outbox| answer(&respond, id, outbox)
    })
}

fn refusal(request: &InitProducerIdRequest<'_>) -> Option<ErrorCode> {
    // Transactions are not served yet; a producer learns it here, before it begins one.
    let transactional = request.transactional_id.is_some();
    let half = (request.producer_id == -1) != (request.producer_epoch == -1);
    (transactional || half).then_some(ErrorCode::INVALID_REQUEST)
}

fn answer(respond: &Respond, id: Result<ProducerId, ErrorCode>, outbox: &mut Outbox) {
    let response = match id {
        Ok(id) => InitProducerIdResponse { producer_id: id.0, producer_epoch: 0, ..Default::default() },
        Err(error_code) => {
            InitProducerIdResponse { error_code, producer_id: -1, producer_epoch: -1, ..Default::default() }
        }
    };
    respond.answer(outbox, &response);
}
