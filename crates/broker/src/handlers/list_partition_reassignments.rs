//! ListPartitionReassignments (key 46), version 0: partitions whose replicas are being moved (KIP-455). None ever is.

use net::Outbox;
use wire::messages::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
};

use crate::api::{Call, Flow};

/// Answers that nothing is being moved.
pub fn handle(call: &Call<'_>, _request: ListPartitionReassignmentsRequest<'_>, outbox: &mut Outbox) -> Flow {
    call.answer(outbox, &ListPartitionReassignmentsResponse::default());
    Flow::Done
}
