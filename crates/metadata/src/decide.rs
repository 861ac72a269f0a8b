//! The controller's decisions: an intent and the image it meets become records and a reply.
//!
//! Only the leader of the metadata quorum decides. It takes one intent at a time, has the records committed as one
//! [`crate::Batch`] whose base is [`crate::Image::applied`] of the image that it decided upon, and replies when they are applied.

mod alter_configs;
mod brokers;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod elections;
mod features;
mod placement;
mod producer_ids;

pub use alter_configs::{
    AlterConfigs, CONFIG_BYTES_MAX, ConfigAlteration, ConfigChange, ConfigOperation, ConfigRules,
    MAX_CONFIGS_PER_BATCH, MAX_SUBSCRIPTIONS, ResourceChanges,
};
pub use brokers::{BrokerEpoch, FenceBroker, RegisterBroker, UnfenceBroker};
pub use create_partitions::{CreatePartitions, MorePartitions, PartitionCreation};
pub use create_topics::{
    ConfigCheck, CreateTopics, CreatedTopic, MAX_PARTITIONS_PER_BATCH, NewTopic, ReplicaAssignment, TopicCreation,
    TopicDefaults,
};
pub use delete_topics::{DeleteTopics, DeletedTopic, TopicDeletion, TopicSelector};
pub use elections::{ElectLeaders, Election, ElectionOutcome, ElectionType};
pub use features::{FeatureUpdate, SupportedFeature, UpdateFeatures, UpgradeType};
pub use producer_ids::{AllocateProducerIds, PRODUCER_ID_BLOCK_LEN, ProducerIdBlock};

use crate::{Image, Record, Refusal};

/// What somebody wants of the controller.
#[derive(Debug, Clone)]
pub enum Intent {
    /// New topics, each accepted or refused by itself.
    CreateTopics(CreateTopics),
    /// Topics to enlarge, each accepted or refused by itself.
    CreatePartitions(CreatePartitions),
    /// Topics to delete, each accepted or refused by itself.
    DeleteTopics(DeleteTopics),
    /// Configs to change, each resource accepted or refused by itself.
    AlterConfigs(AlterConfigs),
    /// Elections, each by itself.
    ElectLeaders(ElectLeaders),
    /// Levels of features, all or none.
    UpdateFeatures(UpdateFeatures),
    /// The next block of producer ids.
    AllocateProducerIds(AllocateProducerIds),
    /// A broker has started.
    RegisterBroker(RegisterBroker),
    /// A broker has caught up and may lead.
    UnfenceBroker(UnfenceBroker),
    /// A broker stops or was not heard from.
    FenceBroker(FenceBroker),
}

/// The answer to an [`Intent`], of the variant of the same name.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// One entry for each name, in the order of the request.
    CreateTopics(Vec<TopicCreation>),
    /// One entry for each name, in the order of the request.
    CreatePartitions(Vec<PartitionCreation>),
    /// One entry for each selector, in the order of the request.
    DeleteTopics(Vec<TopicDeletion>),
    /// One entry for each resource, in the order of the request.
    AlterConfigs(Vec<ConfigAlteration>),
    /// One entry for each partition that was named, in the order of the request.
    ElectLeaders(Vec<ElectionOutcome>),
    /// Done.
    UpdateFeatures,
    /// The block.
    AllocateProducerIds(ProducerIdBlock),
    /// The epoch that the broker must carry in its requests from now on.
    RegisterBroker(BrokerEpoch),
    /// Done.
    UnfenceBroker,
    /// Done.
    FenceBroker,
}

/// What was decided. Without records there is nothing to commit and the reply holds at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<T = Reply> {
    /// The outcome, to be committed as one batch.
    pub records: Vec<Record>,
    /// The answer, true once the records are applied.
    pub reply: T,
}

impl<T> Decision<T> {
    fn map<U>(self, reply: impl FnOnce(T) -> U) -> Decision<U> {
        Decision { records: self.records, reply: reply(self.reply) }
    }
}

/// Decides upon an image. Pure: equal arguments give equal results.
pub fn decide(image: &Image, intent: &Intent) -> Result<Decision, Refusal> {
    match intent {
        Intent::CreateTopics(i) => create_topics::decide(image, i).map(|decision| decision.map(Reply::CreateTopics)),
        Intent::CreatePartitions(i) => {
            create_partitions::decide(image, i).map(|decision| decision.map(Reply::CreatePartitions))
        }
        Intent::DeleteTopics(i) => Ok(delete_topics::decide(image, i).map(Reply::DeleteTopics)),
        Intent::AlterConfigs(i) => alter_configs::decide(image, i).map(|decision| decision.map(Reply::AlterConfigs)),
        Intent::ElectLeaders(i) => Ok(elections::decide(image, i).map(Reply::ElectLeaders)),
        Intent::UpdateFeatures(i) => {
            features::decide(image, i).map(|decision| decision.map(|()| Reply::UpdateFeatures))
        }
        Intent::AllocateProducerIds(i) => {
            producer_ids::decide(image, i).map(|decision| decision.map(Reply::AllocateProducerIds))
        }
        Intent::RegisterBroker(i) => brokers::register(image, i).map(|decision| decision.map(Reply::RegisterBroker)),
        Intent::UnfenceBroker(i) => brokers::unfence(image, i).map(|decision| decision.map(|()| Reply::UnfenceBroker)),
        Intent::FenceBroker(i) => brokers::fence(image, i).map(|decision| decision.map(|()| Reply::FenceBroker)),
    }
}
