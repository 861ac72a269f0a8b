//! The API keys of Kafka, with the versions each has.

use std::fmt;

/// A number that names an API in every request header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(pub i16);

/// A range of an API's versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The lowest.
    pub min: i16,
    /// The highest.
    pub max: i16,
}

impl Versions {
    /// Whether `version` is in the range.
    #[inline]
    pub const fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.min, self.max)
    }
}

/// What Kafka's protocol says of an API.
struct Definition {
    name: &'static str,
    versions: Versions,
    flexible: i16,
}

impl ApiKey {
    /// Kafka's name, such as `Produce`; `None` for a number that Kafka never gave.
    pub fn name(self) -> Option<&'static str> {
        self.definition().map(|definition| definition.name)
    }

    /// The versions that Kafka 4 defines; `None` for an unknown or removed API.
    pub fn versions(self) -> Option<Versions> {
        self.definition().map(|definition| definition.versions).filter(|versions| versions.min <= versions.max)
    }

    /// Whether requests and responses of this version have compact lengths and tagged fields (KIP-482); false for an
    /// unknown API.
    pub fn is_flexible(self, version: i16) -> bool {
        self.definition().is_some_and(|definition| version >= definition.flexible)
    }

    /// What happened to a group: Ottla's own.
    pub const EXPLAIN_GROUP: ApiKey = ApiKey(Self::OWN_FROM + 1);
    /// Kafka has no keys from here on; those that there are, are Ottla's own.
    pub const OWN_FROM: i16 = 20_000;

    fn definition(self) -> Option<&'static Definition> {
        if self == ApiKey::EXPLAIN_GROUP {
            return Some(&EXPLAIN_GROUP);
        }
        DEFINITIONS.get(usize::try_from(self.0).ok()?)
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "API key {}", self.0),
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One row per API, in the order of the keys: versions, then the first flexible one. Removed APIs have the range 0..=-1.
macro_rules! api_keys {
    ($($key:literal $constant:ident $name:literal $min:literal..=$max:literal $flexible:expr;)*) => {
        impl ApiKey {
            $(#[doc = $name] pub const $constant: ApiKey = ApiKey($key);)*
        }

        static DEFINITIONS: &[Definition] = &[
            $(Definition { name: $name, versions: Versions { min: $min, max: $max }, flexible: $flexible },)*
        ];
    };
}

static EXPLAIN_GROUP: Definition =
    Definition { name: "ExplainGroup", versions: Versions { min: 0, max: 0 }, flexible: NEVER };

/// No version is flexible.
const NEVER: i16 = i16::MAX;

api_keys! {
    0 PRODUCE "Produce" 3..=13 9;
    1 FETCH "Fetch" 4..=18 12;
    2 LIST_OFFSETS "ListOffsets" 1..=11 6;
    3 METADATA "Metadata" 0..=13 9;
    4 LEADER_AND_ISR "LeaderAndIsr" 0..=-1 NEVER;
    5 STOP_REPLICA "StopReplica" 0..=-1 NEVER;
    6 UPDATE_METADATA "UpdateMetadata" 0..=-1 NEVER;
    7 CONTROLLED_SHUTDOWN "ControlledShutdown" 0..=-1 NEVER;
    8 OFFSET_COMMIT "OffsetCommit" 2..=10 8;
    9 OFFSET_FETCH "OffsetFetch" 1..=10 6;
    10 FIND_COORDINATOR "FindCoordinator" 0..=6 3;
    11 JOIN_GROUP "JoinGroup" 0..=9 6;
    12 HEARTBEAT "Heartbeat" 0..=4 4;
    13 LEAVE_GROUP "LeaveGroup" 0..=5 4;
    14 SYNC_GROUP "SyncGroup" 0..=5 4;
    15 DESCRIBE_GROUPS "DescribeGroups" 0..=6 5;
    16 LIST_GROUPS "ListGroups" 0..=5 3;
    17 SASL_HANDSHAKE "SaslHandshake" 0..=1 NEVER;
    18 API_VERSIONS "ApiVersions" 0..=5 3;
    19 CREATE_TOPICS "CreateTopics" 2..=7 5;
    20 DELETE_TOPICS "DeleteTopics" 1..=6 4;
    21 DELETE_RECORDS "DeleteRecords" 0..=2 2;
    22 INIT_PRODUCER_ID "InitProducerId" 0..=6 2;
    23 OFFSET_FOR_LEADER_EPOCH "OffsetForLeaderEpoch" 2..=4 4;
    24 ADD_PARTITIONS_TO_TXN "AddPartitionsToTxn" 0..=5 3;
    25 ADD_OFFSETS_TO_TXN "AddOffsetsToTxn" 0..=4 3;
    26 END_TXN "EndTxn" 0..=5 3;
    27 WRITE_TXN_MARKERS "WriteTxnMarkers" 1..=2 1;
    28 TXN_OFFSET_COMMIT "TxnOffsetCommit" 0..=6 3;
    29 DESCRIBE_ACLS "DescribeAcls" 1..=3 2;
    30 CREATE_ACLS "CreateAcls" 1..=3 2;
    31 DELETE_ACLS "DeleteAcls" 1..=3 2;
    32 DESCRIBE_CONFIGS "DescribeConfigs" 1..=4 4;
    33 ALTER_CONFIGS "AlterConfigs" 0..=2 2;
    34 ALTER_REPLICA_LOG_DIRS "AlterReplicaLogDirs" 1..=2 2;
    35 DESCRIBE_LOG_DIRS "DescribeLogDirs" 1..=5 2;
    36 SASL_AUTHENTICATE "SaslAuthenticate" 0..=2 2;
    37 CREATE_PARTITIONS "CreatePartitions" 0..=3 2;
    38 CREATE_DELEGATION_TOKEN "CreateDelegationToken" 1..=3 2;
    39 RENEW_DELEGATION_TOKEN "RenewDelegationToken" 1..=2 2;
    40 EXPIRE_DELEGATION_TOKEN "ExpireDelegationToken" 1..=2 2;
    41 DESCRIBE_DELEGATION_TOKEN "DescribeDelegationToken" 1..=3 2;
    42 DELETE_GROUPS "DeleteGroups" 0..=3 2;
    43 ELECT_LEADERS "ElectLeaders" 0..=2 2;
    44 INCREMENTAL_ALTER_CONFIGS "IncrementalAlterConfigs" 0..=1 1;
    45 ALTER_PARTITION_REASSIGNMENTS "AlterPartitionReassignments" 0..=1 0;
    46 LIST_PARTITION_REASSIGNMENTS "ListPartitionReassignments" 0..=0 0;
    47 OFFSET_DELETE "OffsetDelete" 0..=0 NEVER;
    48 DESCRIBE_CLIENT_QUOTAS "DescribeClientQuotas" 0..=1 1;
    49 ALTER_CLIENT_QUOTAS "AlterClientQuotas" 0..=1 1;
    50 DESCRIBE_USER_SCRAM_CREDENTIALS "DescribeUserScramCredentials" 0..=0 0;
    51 ALTER_USER_SCRAM_CREDENTIALS "AlterUserScramCredentials" 0..=0 0;
    52 VOTE "Vote" 0..=2 0;
    53 BEGIN_QUORUM_EPOCH "BeginQuorumEpoch" 0..=1 1;
    54 END_QUORUM_EPOCH "EndQuorumEpoch" 0..=1 1;
    55 DESCRIBE_QUORUM "DescribeQuorum" 0..=2 0;
    56 ALTER_PARTITION "AlterPartition" 2..=3 0;
    57 UPDATE_FEATURES "UpdateFeatures" 0..=2 0;
    58 ENVELOPE "Envelope" 0..=0 0;
    59 FETCH_SNAPSHOT "FetchSnapshot" 0..=1 0;
    60 DESCRIBE_CLUSTER "DescribeCluster" 0..=2 0;
    61 DESCRIBE_PRODUCERS "DescribeProducers" 0..=0 0;
    62 BROKER_REGISTRATION "BrokerRegistration" 0..=4 0;
    63 BROKER_HEARTBEAT "BrokerHeartbeat" 0..=2 0;
    64 UNREGISTER_BROKER "UnregisterBroker" 0..=0 0;
    65 DESCRIBE_TRANSACTIONS "DescribeTransactions" 0..=0 0;
    66 LIST_TRANSACTIONS "ListTransactions" 0..=2 0;
    67 ALLOCATE_PRODUCER_IDS "AllocateProducerIds" 0..=0 0;
    68 CONSUMER_GROUP_HEARTBEAT "ConsumerGroupHeartbeat" 0..=1 0;
    69 CONSUMER_GROUP_DESCRIBE "ConsumerGroupDescribe" 0..=1 0;
    70 CONTROLLER_REGISTRATION "ControllerRegistration" 0..=0 0;
    71 GET_TELEMETRY_SUBSCRIPTIONS "GetTelemetrySubscriptions" 0..=0 0;
    72 PUSH_TELEMETRY "PushTelemetry" 0..=0 0;
    73 ASSIGN_REPLICAS_TO_DIRS "AssignReplicasToDirs" 0..=0 0;
    74 LIST_CONFIG_RESOURCES "ListConfigResources" 0..=1 0;
    75 DESCRIBE_TOPIC_PARTITIONS "DescribeTopicPartitions" 0..=0 0;
    76 SHARE_GROUP_HEARTBEAT "ShareGroupHeartbeat" 1..=1 0;
    77 SHARE_GROUP_DESCRIBE "ShareGroupDescribe" 1..=1 0;
    78 SHARE_FETCH "ShareFetch" 1..=2 0;
    79 SHARE_ACKNOWLEDGE "ShareAcknowledge" 1..=2 0;
    80 ADD_RAFT_VOTER "AddRaftVoter" 0..=1 0;
    81 REMOVE_RAFT_VOTER "RemoveRaftVoter" 0..=0 0;
    82 UPDATE_RAFT_VOTER "UpdateRaftVoter" 0..=0 0;
    83 INITIALIZE_SHARE_GROUP_STATE "InitializeShareGroupState" 0..=0 0;
    84 READ_SHARE_GROUP_STATE "ReadShareGroupState" 0..=0 0;
    85 WRITE_SHARE_GROUP_STATE "WriteShareGroupState" 0..=1 0;
    86 DELETE_SHARE_GROUP_STATE "DeleteShareGroupState" 0..=0 0;
    87 READ_SHARE_GROUP_STATE_SUMMARY "ReadShareGroupStateSummary" 0..=1 0;
    88 STREAMS_GROUP_HEARTBEAT "StreamsGroupHeartbeat" 0..=1 0;
    89 STREAMS_GROUP_DESCRIBE "StreamsGroupDescribe" 0..=1 0;
    90 DESCRIBE_SHARE_GROUP_OFFSETS "DescribeShareGroupOffsets" 0..=1 0;
    91 ALTER_SHARE_GROUP_OFFSETS "AlterShareGroupOffsets" 0..=0 0;
    92 DELETE_SHARE_GROUP_OFFSETS "DeleteShareGroupOffsets" 0..=0 0;
    93 STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE "StreamsGroupTopologyDescriptionUpdate" 0..=0 0;
    94 UNREGISTER_CONTROLLER "UnregisterController" 0..=0 0;
}

#[cfg(test)]
mod tests;
