//! Values in force against Kafka's rules of precedence.

use metadata::records::{ConfigRecord, TopicRecord};
use metadata::{ConfigResource, Index, Record};
use record::Uuid;

use super::*;
use crate::config::Sources;

fn config(file: &str) -> Config {
    let file = Some(("server.properties".to_owned(), file.to_owned()));
    Config::load(&Sources { file, ..Sources::default() }).unwrap().config
}

/// An image with a topic `t` and these configs.
fn image(configs: &[(ConfigResource, &str, &str)]) -> Image {
    let mut records = vec![Record::from(TopicRecord { name: "t".into(), id: Uuid([1; 16]) })];
    records.extend(configs.iter().map(|(resource, key, value)| {
        Record::Config(ConfigRecord { resource: resource.clone(), key: (*key).into(), value: Some((*value).into()) })
    }));
    Image::restore(Index(1), &records).unwrap()
}

fn topic() -> ConfigResource {
    ConfigResource::Topic("t".into())
}

fn broker(config: &Config) -> ConfigResource {
    ConfigResource::Broker(config.node_id)
}

/// `value: SOURCE name=value, SOURCE name=value` of one key.
fn line(described: &[Described<'_>], name: &str) -> String {
    let found = described.iter().find(|described| described.name == name).unwrap();
    let text = |value: &Option<Cow<'_, str>>| value.as_deref().unwrap_or("null").to_owned();
    let places = found.synonyms.iter().map(|place| format!("{:?} {}={}", place.source, place.name, text(&place.value)));
    let places: Vec<_> = places.collect();
    assert!(found.synonyms.first().is_none_or(|first| first.source == found.source));
    format!("{}: {}", text(&found.value), places.join(", "))
}

fn of_topic(config: &Config, image: &Image, name: &str) -> String {
    line(&Layers::new(config, image).topic(image.topic("t").unwrap()), name)
}

#[test]
fn every_topic_key_has_a_definition_and_every_definition_a_key() {
    for key in topic::KEYS {
        assert!(definitions::topic(key.name).is_some(), "{} has no type and default", key.name);
    }
    assert_eq!(definitions::TOPIC.len(), topic::KEYS.len());
}

#[test]
fn the_default_of_every_topic_key_is_accepted_and_changes_nothing() {
    for TopicDefinition(name, _, default) in definitions::TOPIC {
        let with = config("").topic_defaults.with([(*name, Some(*default))]);
        assert_eq!(with.as_ref(), Ok(&config("").topic_defaults), "{name}={default}");
    }
}

#[test]
fn every_definition_of_the_broker_has_a_key() {
    for BrokerDefinition(name, ..) in definitions::BROKER {
        assert!(keys::find(name).is_some(), "{name}");
    }
}

#[test]
fn without_settings_the_defaults_hold_and_are_the_only_synonym() {
    let (config, image) = (config(""), image(&[]));
    assert_eq!(of_topic(&config, &image, "segment.bytes"), "1073741824: Default log.segment.bytes=1073741824");
    // As Kafka has it: the default stands at a name that comes after the one that is asked for.
    assert_eq!(of_topic(&config, &image, "retention.ms"), "604800000: ");
    assert_eq!(of_topic(&config, &image, "remote.storage.enable"), "false: ");
}

#[test]
fn a_topics_own_value_wins_over_the_brokers_dynamic_over_the_default_dynamic_over_the_static() {
    let config = config("log.segment.bytes=2000000\n");
    let layers = [
        (ConfigResource::DefaultBroker, "log.segment.bytes", "3000000"),
        (broker(&config), "log.segment.bytes", "4000000"),
        (topic(), "segment.bytes", "5000000"),
    ];
    let tail = "StaticBroker log.segment.bytes=2000000, Default log.segment.bytes=1073741824";
    assert_eq!(of_topic(&config, &image(&[]), "segment.bytes"), format!("2000000: {tail}"));
    let tail = format!("DynamicDefaultBroker log.segment.bytes=3000000, {tail}");
    assert_eq!(of_topic(&config, &image(&layers[..1]), "segment.bytes"), format!("3000000: {tail}"));
    let tail = format!("DynamicBroker log.segment.bytes=4000000, {tail}");
    assert_eq!(of_topic(&config, &image(&layers[..2]), "segment.bytes"), format!("4000000: {tail}"));
    let tail = format!("DynamicTopic segment.bytes=5000000, {tail}");
    assert_eq!(of_topic(&config, &image(&layers), "segment.bytes"), format!("5000000: {tail}"));
}

#[test]
fn the_dynamic_config_of_another_broker_does_not_count() {
    let config = config("");
    let other = ConfigResource::Broker(record::BrokerId(config.node_id.0 + 1));
    let image = image(&[(other, "log.segment.bytes", "4000000")]);
    assert!(of_topic(&config, &image, "segment.bytes").starts_with("1073741824: "));
}

#[test]
fn a_family_of_names_is_told_from_the_first_name_on_as_kafka_does() {
    let (config, image) = (
        config(""),
        image(&[(topic(), "retention.ms", "1000000"), (ConfigResource::DefaultBroker, "log.retention.ms", "3600000")]),
    );
    assert_eq!(
        of_topic(&config, &image, "retention.ms"),
        "1000000: DynamicTopic retention.ms=1000000, DynamicDefaultBroker log.retention.ms=3600000, \
         Default log.retention.hours=168"
    );
}

#[test]
fn a_coarser_unit_counts_in_milliseconds_and_a_negative_value_stays() {
    assert_eq!(in_millis("24", 3_600_000), "86400000");
    assert_eq!(in_millis("-1", 3_600_000), "-1");
    assert_eq!(in_millis("7", 1), "7");
}

#[test]
fn a_broker_tells_its_settings_and_which_of_them_can_change() {
    let config = config("num.partitions=3\nnum.io.threads=8\nno.such.key=s3cret\n");
    let image = image(&[(broker(&config), "log.segment.bytes", "4000000")]);
    let described = Layers::new(&config, &image).broker();
    assert_eq!(line(&described, "num.partitions"), "3: StaticBroker num.partitions=3, Default num.partitions=1");
    assert_eq!(
        line(&described, "log.segment.bytes"),
        "4000000: DynamicBroker log.segment.bytes=4000000, Default log.segment.bytes=1073741824"
    );
    assert_eq!(line(&described, "num.io.threads"), "8: StaticBroker num.io.threads=8");
    assert_eq!(line(&described, "log.retention.hours"), "168: Default log.retention.hours=168");
    let changeable = |name| !described.iter().find(|described| described.name == name).unwrap().read_only;
    assert!(changeable("log.segment.bytes") && !changeable("num.partitions") && !changeable("log.retention.hours"));
    assert!(described.is_sorted_by_key(|described| described.name));
}

#[test]
fn what_nobody_knows_is_kept_secret() {
    let config = config("my.plugin.password=s3cret\n");
    let image = image(&[]);
    let described = Layers::new(&config, &image).broker();
    assert_eq!(line(&described, "my.plugin.password"), "null: StaticBroker my.plugin.password=null");
    assert!(described.iter().find(|described| described.name == "my.plugin.password").unwrap().is_sensitive());
}

#[test]
fn the_default_of_all_brokers_has_only_what_was_set_for_all() {
    let config = config("log.segment.bytes=2000000\n");
    let image = image(&[
        (ConfigResource::DefaultBroker, "log.segment.bytes", "3000000"),
        (broker(&config), "message.max.bytes", "4000"),
    ]);
    let described = Layers::new(&config, &image).default_broker();
    assert_eq!(described.len(), 1);
    assert_eq!(line(&described, "log.segment.bytes"), "3000000: DynamicDefaultBroker log.segment.bytes=3000000");
}
