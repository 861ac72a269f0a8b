//! Kafka's error codes.

use std::fmt;

/// An error code of the protocol. Codes that this table does not have yet can be received and passed on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i16);

struct Definition {
    name: &'static str,
    retriable: bool,
    message: &'static str,
}

impl ErrorCode {
    /// The number on the wire.
    pub const fn code(self) -> i16 {
        self.0
    }

    /// Kafka's name, such as `NOT_CONTROLLER`; `UNKNOWN_SERVER_ERROR` for a code not in the table, as Kafka has it.
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// A sentence for people.
    pub fn message(self) -> &'static str {
        self.definition().message
    }

    /// Whether the same request may succeed later, perhaps at another broker or with fresh metadata.
    pub fn is_retriable(self) -> bool {
        self.definition().retriable
    }

    /// Whether this is [`ErrorCode::NONE`].
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    fn definition(self) -> &'static Definition {
        self.row().unwrap_or(&DEFINITIONS[0])
    }

    fn row(self) -> Option<&'static Definition> {
        DEFINITIONS.get(usize::try_from(i32::from(self.0) - FIRST).ok()?)
    }
}

impl Default for ErrorCode {
    fn default() -> Self {
        ErrorCode::NONE
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(definition) => f.write_str(definition.name),
            None => write!(f, "error code {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The code of the first row.
const FIRST: i32 = -1;

/// One row per code, ascending without gaps; `retriable` where a later try may succeed.
macro_rules! error_codes {
    ($($code:literal $name:ident $($retriable:ident)? => $message:literal;)*) => {
        impl ErrorCode {
            $(#[doc = $message] pub const $name: ErrorCode = ErrorCode($code);)*
        }

        static DEFINITIONS: &[Definition] = &[
            $(Definition {
                name: stringify!($name),
                retriable: !stringify!($($retriable)?).is_empty(),
                message: $message,
            },)*
        ];
    };
}

error_codes! {
    -1 UNKNOWN_SERVER_ERROR => "The server met an unexpected error.";
    0 NONE => "No error.";
    1 OFFSET_OUT_OF_RANGE => "The offset is not in the range that the server has.";
    2 CORRUPT_MESSAGE retriable => "The message has a wrong checksum, a wrong size, no key on a compacted topic, or is corrupt otherwise.";
    3 UNKNOWN_TOPIC_OR_PARTITION retriable => "This server does not host this topic-partition.";
    4 INVALID_FETCH_SIZE => "The fetch size is invalid.";
    5 LEADER_NOT_AVAILABLE retriable => "The partition has no leader at present; an election is under way.";
    6 NOT_LEADER_OR_FOLLOWER retriable => "This broker is not the leader, or not a replica, of the partition.";
    7 REQUEST_TIMED_OUT retriable => "The request timed out.";
    8 BROKER_NOT_AVAILABLE => "The broker is not available.";
    9 REPLICA_NOT_AVAILABLE retriable => "The replica is not available for this partition.";
    10 MESSAGE_TOO_LARGE => "The message is larger than the server accepts.";
    11 STALE_CONTROLLER_EPOCH => "The controller has moved to another broker.";
    12 OFFSET_METADATA_TOO_LARGE => "The metadata of the offset commit is too large.";
    13 NETWORK_EXCEPTION retriable => "The server disconnected before it answered.";
    14 COORDINATOR_LOAD_IN_PROGRESS retriable => "The coordinator is still loading.";
    15 COORDINATOR_NOT_AVAILABLE retriable => "The coordinator is not available.";
    16 NOT_COORDINATOR retriable => "This broker is not the coordinator.";
    17 INVALID_TOPIC_EXCEPTION => "The topic is invalid for this operation.";
    18 RECORD_LIST_TOO_LARGE => "The batch is larger than the log's segment size.";
    19 NOT_ENOUGH_REPLICAS retriable => "Fewer replicas are in sync than required; nothing was written.";
    20 NOT_ENOUGH_REPLICAS_AFTER_APPEND retriable => "The message was written, but to fewer in-sync replicas than required.";
    21 INVALID_REQUIRED_ACKS => "The value of required acks is invalid.";
    22 ILLEGAL_GENERATION => "The generation id of the group is not valid.";
    23 INCONSISTENT_GROUP_PROTOCOL => "The member's protocols do not fit those of the group, or it named none.";
    24 INVALID_GROUP_ID => "The group id is invalid.";
    25 UNKNOWN_MEMBER_ID => "The coordinator does not know this member.";
    26 INVALID_SESSION_TIMEOUT => "The session timeout is outside of the range that the broker allows.";
    27 REBALANCE_IN_PROGRESS => "The group is rebalancing; the member must join again.";
    28 INVALID_COMMIT_OFFSET_SIZE => "The size of the offset commit is invalid.";
    29 TOPIC_AUTHORIZATION_FAILED => "Not authorized to access the topic.";
    30 GROUP_AUTHORIZATION_FAILED => "Not authorized to access the group.";
    31 CLUSTER_AUTHORIZATION_FAILED => "Not authorized for this operation on the cluster.";
    32 INVALID_TIMESTAMP => "The timestamp of the message is out of range.";
    33 UNSUPPORTED_SASL_MECHANISM => "The broker does not support this SASL mechanism.";
    34 ILLEGAL_SASL_STATE => "The request is not valid in the present SASL state.";
    35 UNSUPPORTED_VERSION => "This version of the API is not supported.";
    36 TOPIC_ALREADY_EXISTS => "A topic with this name already exists.";
    37 INVALID_PARTITIONS => "The number of partitions is invalid.";
    38 INVALID_REPLICATION_FACTOR => "The replication factor is below 1 or above the number of available brokers.";
    39 INVALID_REPLICA_ASSIGNMENT => "The replica assignment is invalid.";
    40 INVALID_CONFIG => "The configuration is invalid.";
    41 NOT_CONTROLLER retriable => "This node is not the controller.";
    42 INVALID_REQUEST => "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.";
    43 UNSUPPORTED_FOR_MESSAGE_FORMAT => "The broker's message format does not support the request.";
    44 POLICY_VIOLATION => "The request violates a policy.";
    45 OUT_OF_ORDER_SEQUENCE_NUMBER => "The sequence number is out of order.";
    46 DUPLICATE_SEQUENCE_NUMBER => "The sequence number was used before.";
    47 INVALID_PRODUCER_EPOCH => "The producer's epoch is old.";
    48 INVALID_TXN_STATE => "The operation is invalid in the present state of the transaction.";
    49 INVALID_PRODUCER_ID_MAPPING => "The producer id is not the one assigned to the transactional id.";
    50 INVALID_TRANSACTION_TIMEOUT => "The transaction timeout is above the broker's maximum.";
    51 CONCURRENT_TRANSACTIONS retriable => "Another operation on the same transaction is under way.";
    52 TRANSACTION_COORDINATOR_FENCED => "The transaction coordinator has been replaced by another.";
    53 TRANSACTIONAL_ID_AUTHORIZATION_FAILED => "Not authorized to use the transactional id.";
    54 SECURITY_DISABLED => "Security features are disabled.";
    55 OPERATION_NOT_ATTEMPTED => "The operation was not attempted, as another of the same request failed.";
    56 KAFKA_STORAGE_ERROR retriable => "The disk failed under the log.";
    57 LOG_DIR_NOT_FOUND => "The log directory is not in the broker's configuration.";
    58 SASL_AUTHENTICATION_FAILED => "SASL authentication failed.";
    59 UNKNOWN_PRODUCER_ID => "The broker has no state of this producer id; its records may have expired.";
    60 REASSIGNMENT_IN_PROGRESS => "A reassignment of the partition is under way.";
    61 DELEGATION_TOKEN_AUTH_DISABLED => "Delegation tokens are not enabled.";
    62 DELEGATION_TOKEN_NOT_FOUND => "The delegation token was not found.";
    63 DELEGATION_TOKEN_OWNER_MISMATCH => "The principal is neither owner nor renewer of the token.";
    64 DELEGATION_TOKEN_REQUEST_NOT_ALLOWED => "Delegation tokens cannot be requested over this channel.";
    65 DELEGATION_TOKEN_AUTHORIZATION_FAILED => "Not authorized to use the delegation token.";
    66 DELEGATION_TOKEN_EXPIRED => "The delegation token has expired.";
    67 INVALID_PRINCIPAL_TYPE => "The principal type is not supported.";
    68 NON_EMPTY_GROUP => "The group is not empty.";
    69 GROUP_ID_NOT_FOUND => "The group id does not exist.";
    70 FETCH_SESSION_ID_NOT_FOUND retriable => "The fetch session was not found.";
    71 INVALID_FETCH_SESSION_EPOCH retriable => "The epoch of the fetch session is invalid.";
    72 LISTENER_NOT_FOUND retriable => "The leader has no listener that matches the one the request came by.";
    73 TOPIC_DELETION_DISABLED => "Topic deletion is disabled.";
    74 FENCED_LEADER_EPOCH retriable => "The leader epoch of the request is older than the broker's.";
    75 UNKNOWN_LEADER_EPOCH retriable => "The leader epoch of the request is newer than the broker's.";
    76 UNSUPPORTED_COMPRESSION_TYPE => "The client does not support the compression of the partition.";
    77 STALE_BROKER_EPOCH => "The broker epoch has changed.";
    78 OFFSET_NOT_AVAILABLE retriable => "The high watermark has not caught up after an election, so offsets are not certain yet.";
    79 MEMBER_ID_REQUIRED => "The member needs a member id before it can join the group.";
    80 PREFERRED_LEADER_NOT_AVAILABLE retriable => "The preferred leader is not available.";
    81 GROUP_MAX_SIZE_REACHED => "The group has reached its maximum size.";
    82 FENCED_INSTANCE_ID => "Another member has registered with the same group.instance.id.";
    83 ELIGIBLE_LEADERS_NOT_AVAILABLE retriable => "No eligible leader is available.";
    84 ELECTION_NOT_NEEDED retriable => "The partition needs no election.";
    85 NO_REASSIGNMENT_IN_PROGRESS => "No reassignment of the partition is under way.";
    86 GROUP_SUBSCRIBED_TO_TOPIC => "The group is subscribed to the topic, so its offsets cannot be deleted.";
    87 INVALID_RECORD => "The broker refused the record as invalid.";
    88 UNSTABLE_OFFSET_COMMIT retriable => "There are offsets of transactions that are not complete.";
    89 THROTTLING_QUOTA_EXCEEDED retriable => "The quota is exceeded.";
    90 PRODUCER_FENCED => "A newer producer uses the same transactional id.";
    91 RESOURCE_NOT_FOUND => "The resource does not exist.";
    92 DUPLICATE_RESOURCE => "The request names the same resource twice.";
    93 UNACCEPTABLE_CREDENTIAL => "The credential does not meet the criteria.";
    94 INCONSISTENT_VOTER_SET => "The sender or the receiver of the request is not one of the voters.";
    95 INVALID_UPDATE_VERSION => "The version of the update is invalid.";
    96 FEATURE_UPDATE_FAILED => "The features could not be updated.";
    97 PRINCIPAL_DESERIALIZATION_FAILURE => "The principal of the forwarded request could not be read.";
    98 SNAPSHOT_NOT_FOUND => "The snapshot was not found.";
    99 POSITION_OUT_OF_RANGE => "The position is not within the snapshot.";
    100 UNKNOWN_TOPIC_ID retriable => "This server does not host this topic ID.";
    101 DUPLICATE_BROKER_REGISTRATION => "The broker id is in use.";
    102 BROKER_ID_NOT_REGISTERED => "The broker id is not registered.";
    103 INCONSISTENT_TOPIC_ID retriable => "The topic id of the log is not that of the request.";
    104 INCONSISTENT_CLUSTER_ID => "The cluster id of the request is not that of the server.";
    105 TRANSACTIONAL_ID_NOT_FOUND => "The transactional id was not found.";
    106 FETCH_SESSION_TOPIC_ID_ERROR retriable => "The fetch session mixes topic ids and names.";
    107 INELIGIBLE_REPLICA => "The new set of in-sync replicas has one that is not eligible.";
    108 NEW_LEADER_ELECTED => "The partition was altered, but its leader has changed.";
    109 OFFSET_MOVED_TO_TIERED_STORAGE => "The offset has moved to tiered storage.";
    110 FENCED_MEMBER_EPOCH => "The member epoch is fenced; the member must give up its partitions and join again.";
    111 UNRELEASED_INSTANCE_ID => "Another member still uses the instance id; it must leave first.";
    112 UNSUPPORTED_ASSIGNOR => "The group does not support the assignor or its versions.";
    113 STALE_MEMBER_EPOCH => "The member epoch is stale; try again after the next heartbeat.";
    114 MISMATCHED_ENDPOINT_TYPE => "The request went to an endpoint of the wrong type.";
    115 UNSUPPORTED_ENDPOINT_TYPE => "The endpoint type is not supported.";
    116 UNKNOWN_CONTROLLER_ID => "The controller id is not known.";
    117 UNKNOWN_SUBSCRIPTION_ID => "The telemetry subscription id is invalid or outdated.";
    118 TELEMETRY_TOO_LARGE => "The telemetry is larger than the broker accepts.";
    119 INVALID_REGISTRATION => "The controller refused the broker's registration.";
    120 TRANSACTION_ABORTABLE => "The transaction met an error; abort it and go on with the same transactional id.";
    121 INVALID_RECORD_STATE => "The state of the record does not allow this acknowledgement.";
    122 SHARE_SESSION_NOT_FOUND retriable => "The share session was not found.";
    123 INVALID_SHARE_SESSION_EPOCH retriable => "The epoch of the share session is invalid.";
    124 FENCED_STATE_EPOCH => "The state epoch of the share group does not match.";
    125 INVALID_VOTER_KEY => "The voter key is not that of the receiving replica.";
    126 DUPLICATE_VOTER => "The voter is in the set of voters already.";
    127 VOTER_NOT_FOUND => "The voter is not in the set of voters.";
    128 INVALID_REGULAR_EXPRESSION => "The regular expression is invalid.";
    129 REBOOTSTRAP_REQUIRED => "The client's metadata is stale; it must bootstrap again.";
    130 STREAMS_INVALID_TOPOLOGY => "The topology is invalid.";
    131 STREAMS_INVALID_TOPOLOGY_EPOCH => "The topology epoch is invalid.";
    132 STREAMS_TOPOLOGY_FENCED => "The topology epoch is outdated.";
    133 SHARE_SESSION_LIMIT_REACHED retriable => "The limit of share sessions is reached.";
}

#[cfg(test)]
mod tests;
