//! Why the controller says no.

/// A refusal, named after what the client is told; the text is for people. The broker maps each to one Kafka error code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// INVALID_TOPIC_EXCEPTION: an illegal name, or one that collides with another topic's.
    #[error("{0}")]
    InvalidTopic(String),
    /// TOPIC_ALREADY_EXISTS.
    #[error("Topic '{0}' already exists.")]
    TopicAlreadyExists(String),
    /// INVALID_REQUEST: the request contradicts itself or asks for what is never allowed.
    #[error("{0}")]
    InvalidRequest(String),
    /// INVALID_PARTITIONS.
    #[error("{0}")]
    InvalidPartitions(String),
    /// INVALID_REPLICATION_FACTOR.
    #[error("{0}")]
    InvalidReplicationFactor(String),
    /// INVALID_REPLICA_ASSIGNMENT.
    #[error("{0}")]
    InvalidReplicaAssignment(String),
    /// INVALID_CONFIG.
    #[error("{0}")]
    InvalidConfig(String),
    /// POLICY_VIOLATION: more than one decision may hold.
    #[error("{0}")]
    PolicyViolation(String),
    /// UNKNOWN_TOPIC_OR_PARTITION: no topic has this name.
    #[error("This server does not host this topic-partition.")]
    UnknownTopic(String),
    /// UNKNOWN_TOPIC_OR_PARTITION, where more is told: what is not there.
    #[error("{0}")]
    UnknownTopicOrPartition(String),
    /// UNKNOWN_TOPIC_ID.
    #[error("This server does not host this topic ID.")]
    UnknownTopicId(record::Uuid),
    /// ELECTION_NOT_NEEDED.
    #[error("Leader election not needed for topic partition.")]
    ElectionNotNeeded,
    /// PREFERRED_LEADER_NOT_AVAILABLE.
    #[error("The preferred leader was not available.")]
    PreferredLeaderNotAvailable,
    /// ELIGIBLE_LEADERS_NOT_AVAILABLE.
    #[error("Eligible topic partition leaders are not available.")]
    EligibleLeadersNotAvailable,
    /// INVALID_UPDATE_VERSION: a feature cannot have this level.
    #[error("{0}")]
    InvalidUpdateVersion(String),
    /// BROKER_ID_NOT_REGISTERED.
    #[error("broker {0} is not registered")]
    BrokerIdNotRegistered(record::BrokerId),
    /// STALE_BROKER_EPOCH: the broker was registered anew since.
    #[error("broker {id} has the epoch {current}, not {given}")]
    StaleBrokerEpoch {
        /// The broker.
        id: record::BrokerId,
        /// The epoch in the request.
        given: u64,
        /// The epoch of the broker's last registration.
        current: u64,
    },
    /// DUPLICATE_BROKER_REGISTRATION: another live process has this id.
    #[error("another broker with the id {0} is alive")]
    DuplicateBrokerRegistration(record::BrokerId),
    /// UNKNOWN_SERVER_ERROR: every producer id has been handed out.
    #[error("all producer ids are used up")]
    ProducerIdsExhausted,
}
