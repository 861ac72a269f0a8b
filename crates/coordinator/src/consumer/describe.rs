//! What is told of a consumer group.

use std::sync::Arc;

use metadata::Image;

use super::{ConsumerGroup, DescribedConsumerGroup, DescribedConsumerMember, Member};
use crate::Settings;
use crate::records::Partitions;

impl ConsumerGroup {
    /// `Empty`, `Assigning`, `Reconciling` or `Stable`.
    pub(crate) fn state_name(&self) -> &'static str {
        if self.members.is_empty() {
            "Empty"
        } else if self.epoch > self.assignment_epoch {
            "Assigning"
        } else if self.members.values().all(|member| member.is_reconciled_to(self.assignment_epoch)) {
            "Stable"
        } else {
            "Reconciling"
        }
    }

    pub(super) fn describe(&self, image: &Image, settings: &Settings) -> DescribedConsumerGroup {
        DescribedConsumerGroup {
            error: wire::ErrorCode::NONE,
            error_message: None,
            state: self.state_name(),
            epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            assignor: self.assignor(settings),
            members: self.members.iter().map(|(id, member)| self.describe_member(image, id, member)).collect(),
        }
    }

    fn describe_member(&self, image: &Image, id: &Arc<str>, member: &Member) -> DescribedConsumerMember {
        let wants = &member.wants;
        DescribedConsumerMember {
            member_id: Arc::clone(id),
            instance_id: wants.instance_id.clone(),
            rack_id: wants.rack_id.clone(),
            epoch: member.epoch,
            client_id: Arc::clone(&wants.client_id),
            client_host: Arc::clone(&wants.client_host),
            subscribed_topic_names: wants.subscribed_topic_names.clone(),
            subscribed_topic_regex: wants.subscribed_topic_regex.clone(),
            assigned: of_known_topics(image, Some(&member.assigned)),
            target: of_known_topics(image, self.targets.get(id)),
            member_type: if member.classic().is_some() { 0 } else { 1 },
        }
    }
}

/// Topics that were deleted have no name to be told by.
fn of_known_topics(image: &Image, partitions: Option<&Partitions>) -> Partitions {
    let known = partitions.into_iter().flatten().filter(|(topic, _)| image.topic_by_id(**topic).is_some());
    known.map(|(topic, partitions)| (*topic, partitions.clone())).collect()
}
