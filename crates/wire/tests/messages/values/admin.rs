//! Values of the messages that administrators' tools send, by the names of their modules, as many have structs of one name.

use wire::messages::*;

use super::{Generate, Random};

structs! {
    create_partitions::CreatePartitionsRequest<'static> { topics, timeout_ms, validate_only }
    create_partitions::CreatePartitionsTopic<'static> { name, count, assignments }
    create_partitions::CreatePartitionsAssignment<'static> { broker_ids }
    create_partitions::CreatePartitionsResponse<'static> { throttle_time_ms, results }
    create_partitions::CreatePartitionsTopicResult<'static> { name, error_code, error_message }
}
