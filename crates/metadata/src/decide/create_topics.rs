//! CreateTopics: each topic is checked by itself, in Kafka's order (name, existence, configs, replicas).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use record::{BrokerId, PartitionIndex, TopicId, Uuid};

use super::Decision;
use super::placement::{self, Assigned, bad_assignment};
use crate::name::collision_form;
use crate::records::{ConfigRecord, ConfigResource, TopicRecord};
use crate::{Image, Record, Refusal, check_topic_name};

/// The most partitions that one request may create; more would make a batch that is too large to commit at once.
pub const MAX_PARTITIONS_PER_BATCH: usize = 10_000;

/// The log of the metadata itself, which is not a topic here but has a name in Kafka.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// Topics to create.
#[derive(Debug, Clone)]
pub struct CreateTopics {
    /// The topics.
    pub topics: Vec<NewTopic>,
    /// Check and answer as if, but create nothing.
    pub validate_only: bool,
    /// What the topics that leave it open get.
    pub defaults: TopicDefaults,
    /// Knows which topic configs there are and which values they take.
    pub check_config: ConfigCheck,
}

/// `num.partitions` and `default.replication.factor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicDefaults {
    /// For topics that ask for -1 partitions.
    pub num_partitions: i32,
    /// For topics that ask for the replication factor -1.
    pub replication_factor: i16,
}

/// Says whether a topic of this name (first) may have this key (second) with this value (third), and if not, why.
pub type ConfigCheck = fn(&str, &str, &str) -> Result<(), String>;

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// The name.
    pub name: String,
    /// A random id that no topic ever had. It also decides on which broker the placement starts.
    pub id: TopicId,
    /// How many partitions; -1 for the default, or when they are assigned by hand.
    pub num_partitions: i32,
    /// How many replicas of each; -1 for the default, or when they are assigned by hand.
    pub replication_factor: i16,
    /// The replicas of each partition, when chosen by hand; otherwise empty.
    pub assignments: Vec<ReplicaAssignment>,
    /// Configs; a value of `None` is refused.
    pub configs: Vec<(String, Option<String>)>,
}

/// The replicas of one partition, chosen by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaAssignment {
    /// The partition.
    pub index: PartitionIndex,
    /// Its replicas, the preferred leader first.
    pub replicas: Vec<BrokerId>,
}

/// What became of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCreation {
    /// The name as requested.
    pub name: String,
    /// The topic, or why there is none.
    pub result: Result<CreatedTopic, Refusal>,
}

/// A topic that is created, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedTopic {
    /// The id; a request that only validates is told one too.
    pub id: TopicId,
    /// How many partitions it has.
    pub num_partitions: i32,
    /// How many replicas the first partition has.
    pub replication_factor: i16,
    /// Its own configs, by key.
    pub configs: BTreeMap<String, String>,
}

pub(super) fn decide(image: &Image, intent: &CreateTopics) -> Result<Decision<Vec<TopicCreation>>, Refusal> {
    check_total(intent)?;
    let mut request = Request::new(image, intent);
    let mut reply = Vec::new();
    for topic in &intent.topics {
        if let Some(result) = request.create(topic) {
            reply.push(TopicCreation { name: topic.name.clone(), result });
        }
    }
    let records = if intent.validate_only { Vec::new() } else { request.records };
    Ok(Decision { records, reply })
}

/// Refuses a request that would make more records than a batch may hold, before any of them is made.
fn check_total(intent: &CreateTopics) -> Result<(), Refusal> {
    let total: usize = intent.topics.iter().map(|topic| wanted_partitions(topic, &intent.defaults)).sum();
    if total <= MAX_PARTITIONS_PER_BATCH {
        return Ok(());
    }
    Err(Refusal::PolicyViolation("Excessively large number of partitions per request.".into()))
}

fn wanted_partitions(topic: &NewTopic, defaults: &TopicDefaults) -> usize {
    let count = if topic.num_partitions == -1 { defaults.num_partitions } else { topic.num_partitions };
    if topic.assignments.is_empty() { usize::try_from(count).unwrap_or(0) } else { topic.assignments.len() }
}

/// One request while its topics are decided, one after the other.
struct Request<'a> {
    image: &'a Image,
    intent: &'a CreateTopics,
    /// How often each name is asked for; 0 once a duplicate was answered.
    occurrences: HashMap<&'a str, usize>,
    /// The collision forms of all topics that have `.` or `_`, with their names.
    collisions: HashMap<String, String>,
    records: Vec<Record>,
}

impl<'a> Request<'a> {
    fn new(image: &'a Image, intent: &'a CreateTopics) -> Request<'a> {
        let mut occurrences = HashMap::new();
        for topic in &intent.topics {
            *occurrences.entry(topic.name.as_str()).or_insert(0) += 1;
        }
        let existing = image.topics().iter().map(|topic| &*topic.name);
        let collisions = existing.filter(|name| may_collide(name)).map(collision_entry).collect();
        Request { image, intent, occurrences, collisions, records: Vec::new() }
    }

    /// `None` when the name was answered already.
    fn create(&mut self, topic: &'a NewTopic) -> Option<Result<CreatedTopic, Refusal>> {
        let occurrences = self.occurrences.get_mut(topic.name.as_str()).expect("all names were counted");
        match std::mem::replace(occurrences, 0) {
            0 => None,
            1 => Some(self.create_one(topic)),
            _ => Some(Err(Refusal::InvalidRequest("Duplicate topic name.".into()))),
        }
    }

    fn create_one(&mut self, topic: &NewTopic) -> Result<CreatedTopic, Refusal> {
        self.check_name(&topic.name)?;
        check_configs(topic, self.intent.check_config)?;
        let partitions = self.partitions(topic)?;
        let created = CreatedTopic {
            id: topic.id,
            num_partitions: partitions.len() as i32,
            replication_factor: partitions[0].replicas.len() as i16,
            configs: own_configs(topic),
        };
        self.collisions.extend(Some(collision_entry(&topic.name)).filter(|(_, name)| may_collide(name)));
        self.record(topic, partitions);
        Ok(created)
    }

    fn check_name(&self, name: &str) -> Result<(), Refusal> {
        if name == METADATA_TOPIC {
            return Err(Refusal::InvalidRequest(format!("Creation of internal topic {METADATA_TOPIC} is prohibited.")));
        }
        check_topic_name(name).map_err(|e| Refusal::InvalidTopic(e.told(name)))?;
        if self.image.topic(name).is_some() {
            return Err(Refusal::TopicAlreadyExists(name.to_owned()));
        }
        match self.collisions.get(&*collision_form(name)) {
            Some(other) => Err(Refusal::InvalidTopic(format!("Topic '{name}' collides with existing topic: {other}"))),
            None => Ok(()),
        }
    }

    fn partitions(&self, topic: &NewTopic) -> Result<Vec<Assigned>, Refusal> {
        let assignments = if topic.assignments.is_empty() {
            self.placed(topic)?
        } else {
            check_counts_open(topic)?;
            self.assigned_by_hand(&topic.assignments)?
        };
        let assigned = assignments.into_iter().enumerate();
        assigned.map(|(index, replicas)| placement::with_isr(self.image, index, replicas)).collect()
    }

    fn placed(&self, topic: &NewTopic) -> Result<Vec<Vec<BrokerId>>, Refusal> {
        let defaults = &self.intent.defaults;
        let factor = match topic.replication_factor {
            -1 => defaults.replication_factor,
            factor => factor,
        };
        let partitions = match topic.num_partitions {
            -1 => defaults.num_partitions,
            partitions => partitions,
        };
        const FACTOR: &str = "Replication factor must be larger than 0, or -1 to use the default value.";
        const COUNT: &str = "Number of partitions was set to an invalid non-positive value.";
        let factor = positive(i64::from(factor)).ok_or_else(|| Refusal::InvalidReplicationFactor(FACTOR.into()))?;
        let partitions = positive(i64::from(partitions)).ok_or_else(|| Refusal::InvalidPartitions(COUNT.into()))?;
        placement::place(self.image, 0..partitions, factor, topic.id)
    }

    fn assigned_by_hand(&self, assignments: &[ReplicaAssignment]) -> Result<Vec<Vec<BrokerId>>, Refusal> {
        let mut sorted: Vec<_> = assignments.iter().collect();
        sorted.sort_by_key(|assignment| assignment.index);
        for (expected, assignment) in (0..).zip(&sorted) {
            check_index(expected, assignment.index)?;
            placement::check_replicas(self.image, &assignment.replicas, Some(sorted[0].replicas.len()))?;
        }
        Ok(sorted.into_iter().map(|assignment| assignment.replicas.clone()).collect())
    }

    fn record(&mut self, topic: &NewTopic, partitions: Vec<Assigned>) {
        assert!(
            topic.id != Uuid::ZERO && self.image.topic_by_id(topic.id).is_none(),
            "a new topic needs an id of its own"
        );
        let name: Arc<str> = topic.name.as_str().into();
        self.records.push(TopicRecord { name: Arc::clone(&name), id: topic.id }.into());
        self.records.extend(configs(topic).into_iter().map(|(key, value)| {
            let resource = ConfigResource::Topic(Arc::clone(&name));
            Record::Config(ConfigRecord { resource, key: key.into(), value: value.map(Arc::from) })
        }));
        let partitions = (0..).map(PartitionIndex).zip(partitions);
        self.records.extend(partitions.map(|(index, assigned)| assigned.record(topic.id, index)));
    }
}

fn may_collide(name: &str) -> bool {
    name.contains(['.', '_'])
}

fn collision_entry(name: &str) -> (String, String) {
    (collision_form(name).into_owned(), name.to_owned())
}

fn positive(count: i64) -> Option<usize> {
    usize::try_from(count).ok().filter(|count| *count > 0)
}

/// The configs by key; of a key that is given twice the last value counts.
fn configs(topic: &NewTopic) -> BTreeMap<&str, Option<&str>> {
    topic.configs.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect()
}

/// The same without those that have no value, which are refused.
fn own_configs(topic: &NewTopic) -> BTreeMap<String, String> {
    let configs = configs(topic).into_iter();
    configs.filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect()
}

fn check_configs(topic: &NewTopic, check: ConfigCheck) -> Result<(), Refusal> {
    for (key, value) in configs(topic) {
        let value = value
            .ok_or_else(|| Refusal::InvalidConfig(format!("Null value not supported for topic configs: {key}")))?;
        check(&topic.name, key, value).map_err(Refusal::InvalidConfig)?;
    }
    Ok(())
}

fn check_counts_open(topic: &NewTopic) -> Result<(), Refusal> {
    let given = match (topic.replication_factor, topic.num_partitions) {
        (-1, -1) => return Ok(()),
        (-1, _) => "numPartitions",
        _ => "replication factor",
    };
    Err(Refusal::InvalidRequest(format!("A manual partition assignment was specified, but {given} was not set to -1.")))
}

fn check_index(expected: i32, index: PartitionIndex) -> Result<(), Refusal> {
    match index.0.cmp(&expected) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less if index.0 >= 0 => {
            Err(bad_assignment(format!("Found multiple manual partition assignments for partition {index}")))
        }
        _ => Err(bad_assignment("partitions should be a consecutive 0-based integer sequence".into())),
    }
}

#[cfg(test)]
mod tests;
