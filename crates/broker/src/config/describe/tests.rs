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
fn the_default_of_every_topic_key_is_accepted_and_changes_nothing() {
    for facts in topic::KEYS.iter().map(|key| key.facts) {
        let Some(default) = facts.default else { continue };
        let with = config("").topic_defaults.with([(facts.name, Some(default))]);
        assert_eq!(with.as_ref(), Ok(&config("").topic_defaults), "{}={default}", facts.name);
    }
}

#[test]
fn a_broker_tells_every_key_that_kafka_tells_and_its_secrets_without_value() {
    let (config, image) = (config(""), image(&[]));
    let described = Layers::new(&config, &image).broker();
    assert_eq!(described.len(), 340, "as many as Apache Kafka 4.3.1 tells");
    let password = described.iter().find(|described| described.name == "ssl.key.password").unwrap();
    assert!(password.is_sensitive() && password.value.is_none());
    assert!(described.iter().all(|described| !described.doc.is_empty()));
    assert_eq!(line(&described, "log.retention.ms"), "null: ");
    assert_eq!(line(&described, "log.dirs"), "null: ");
    assert_eq!(line(&described, "offsets.topic.num.partitions"), "50: Default offsets.topic.num.partitions=50");
}

#[test]
fn both_names_of_the_id_are_told() {
    let (config, image) = (config("broker.id=7\n"), image(&[]));
    let described = Layers::new(&config, &image).broker();
    assert_eq!(line(&described, "node.id"), "7: StaticBroker node.id=7, Default node.id=1");
    assert_eq!(line(&described, "broker.id"), "7: StaticBroker broker.id=7, Default broker.id=-1");
}

#[test]
fn values_are_told_as_they_were_understood() {
    let (config, image) = (config(""), image(&[(topic(), "preallocate", "TRUE"), (topic(), "retention.ms", " 7 ")]));
    assert!(of_topic(&config, &image, "preallocate").starts_with("true: "));
    assert!(of_topic(&config, &image, "retention.ms").starts_with("7: "));
}

#[test]
fn groups_and_subscriptions_tell_their_own_values_over_the_brokers() {
    let config = config("group.share.session.timeout.ms=50000\n");
    let image = image(&[
        (ConfigResource::Group("g".into()), "consumer.session.timeout.ms", "46000"),
        (ConfigResource::ClientMetrics("m".into()), "interval.ms", "100"),
    ]);
    let layers = Layers::new(&config, &image);
    let group = layers.group("g");
    assert_eq!(group.len(), 17);
    assert_eq!(
        line(&group, "consumer.session.timeout.ms"),
        "46000: DynamicGroup consumer.session.timeout.ms=46000, Default group.consumer.session.timeout.ms=45000"
    );
    assert_eq!(
        line(&group, "share.session.timeout.ms"),
        "50000: StaticBroker group.share.session.timeout.ms=50000, Default group.share.session.timeout.ms=45000"
    );
    assert_eq!(line(&group, "share.auto.offset.reset"), "latest: Default share.auto.offset.reset=latest");
    assert_eq!(line(&layers.client_metrics("m"), "interval.ms"), "100: DynamicClientMetrics interval.ms=100");
    assert_eq!(line(&layers.client_metrics("other"), "interval.ms"), "300000: ");
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
    assert_eq!(in_millis("24".into(), 3_600_000), "86400000");
    assert_eq!(in_millis("-1".into(), 3_600_000), "-1");
    assert_eq!(in_millis("7".into(), 1), "7");
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
    assert_eq!(line(&described, "num.io.threads"), "8: StaticBroker num.io.threads=8, Default num.io.threads=8");
    assert_eq!(line(&described, "log.retention.hours"), "168: Default log.retention.hours=168");
    let changeable = |name| !described.iter().find(|described| described.name == name).unwrap().read_only;
    assert!(
        changeable("log.segment.bytes")
            && changeable("num.io.threads")
            && !changeable("num.partitions")
            && !changeable("log.retention.hours")
    );
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

#[test]
fn a_new_topic_is_told_what_was_set_nearest_to_it_as_it_was_written() {
    let config = config("log.segment.bytes=2000000\nlog.retention.hours=2\nmin.insync.replicas=1\n");
    let image = image(&[(ConfigResource::DefaultBroker, "log.retention.minutes", "5")]);
    let layers = Layers::new(&config, &image);
    let own = BTreeMap::from([("retention.bytes".to_owned(), " 5 ".to_owned())]);
    let described = layers.new_topic(&own);
    assert_eq!(described.len(), topic::KEYS.iter().filter(|key| !key.facts.internal).count());
    assert!(described.iter().all(|config| !config.read_only && config.kind != Some(Kind::Password)));
    for (name, expected) in [
        ("retention.bytes", " 5 : DynamicTopic retention.bytes= 5 "),
        ("segment.bytes", "2000000: StaticBroker segment.bytes=2000000"),
        ("retention.ms", "300000: DynamicDefaultBroker retention.ms=300000"),
        ("cleanup.policy", "delete: Default cleanup.policy=delete"),
    ] {
        assert_eq!(line(&described, name), expected);
    }
}
