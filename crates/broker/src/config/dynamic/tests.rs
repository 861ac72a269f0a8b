//! What may be changed while the node runs.

use record::BrokerId;

use super::*;
use crate::config::bounds::Bounds;

const RULES: Rules = Rules {
    bounds: ConsumerBounds {
        session_timeout: Bounds { least: 40_000, most: 50_000 },
        heartbeat_interval: Bounds { least: 1, most: 2 },
        assignment_interval: Bounds { least: 0, most: 0 },
    },
    log_dirs: Vec::new(),
};

/// The refusal's kind and text.
fn verdict(resource: &ConfigResource, key: &str, value: &str) -> Result<(), String> {
    RULES.check(resource, &BTreeMap::from([(key, value)])).map_err(|refusal| match refusal {
        Refusal::InvalidRequest(text) => format!("INVALID_REQUEST {text}"),
        Refusal::InvalidConfig(text) => format!("INVALID_CONFIG {text}"),
        other => format!("{other:?}"),
    })
}

#[test]
fn a_topic_may_have_topic_keys_with_values_that_they_take() {
    let topic = ConfigResource::Topic("t".into());
    assert_eq!(verdict(&topic, "segment.bytes", "2000000"), Ok(()));
    assert_eq!(
        verdict(&topic, "log.segment.bytes", "2000000"),
        Err("INVALID_CONFIG Unknown topic config name: log.segment.bytes".into())
    );
    assert!(
        verdict(&topic, "segment.bytes", "many")
            .unwrap_err()
            .starts_with("INVALID_CONFIG Invalid value many for configuration")
    );
}

#[test]
fn a_broker_may_have_the_defaults_of_topic_keys_under_its_own_names() {
    for resource in [ConfigResource::DefaultBroker, ConfigResource::Broker(BrokerId(1))] {
        assert_eq!(verdict(&resource, "log.segment.bytes", "2000000"), Ok(()));
        assert_eq!(verdict(&resource, "no.such.key", "1"), Ok(()), "Kafka keeps it too");
    }
}

#[test]
fn a_broker_has_no_more_keys_than_there_is_room_for() {
    let names: Vec<String> = (0..=BROKER_KEYS_MAX).map(|number| format!("no.such.key.{number}")).collect();
    let all: BTreeMap<&str, &str> = names.iter().map(|name| (&**name, "1")).collect();
    assert!(matches!(RULES.check(&ConfigResource::DefaultBroker, &all), Err(Refusal::PolicyViolation(_))));
    let fewer = all.into_iter().skip(1).collect();
    assert_eq!(RULES.check(&ConfigResource::DefaultBroker, &fewer), Ok(()));
}

/// A pattern is compiled for each subscription and held against each client.
#[test]
fn patterns_of_clients_are_few_and_short() {
    let metrics = ConfigResource::ClientMetrics("m".into());
    let long = format!("client_id={}", "x".repeat(1100));
    let many = ["client_id=x"; 7].join(",");
    for value in [long, many] {
        assert!(verdict(&metrics, "match", &value).unwrap_err().contains("at most 6 patterns and 1024 bytes"));
    }
}

/// Texts and codes are those of Apache Kafka 4.3.1, but where Ottla says that it does not do something yet.
#[test]
fn what_a_broker_may_not_have_is_refused_as_kafka_does() {
    let (one, all) = (ConfigResource::Broker(BrokerId(1)), ConfigResource::DefaultBroker);
    let invalid = |value: &str, key: &str, why: &str| {
        Err(format!("INVALID_REQUEST Invalid value {value} for configuration {key}: {why}"))
    };
    let fixed = |key: &str| Err(format!("INVALID_REQUEST Cannot update these configs dynamically: [{key}]"));
    let words = "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer";
    for resource in [&one, &all] {
        let verdict = |key, value| verdict(resource, key, value);
        assert_eq!(verdict("num.io.threads", "9"), Ok(()));
        assert_eq!(verdict("num.io.threads", "x"), invalid("x", "num.io.threads", "Not a number of type INT"));
        assert_eq!(verdict("num.io.threads", "0"), invalid("0", "num.io.threads", "Value must be at least 1"));
        assert_eq!(
            verdict("log.segment.bytes", "3"),
            invalid("3", "log.segment.bytes", "Value must be at least 1048576")
        );
        assert_eq!(verdict("compression.type", "bogus"), invalid("bogus", "compression.type", words));
        assert_eq!(verdict("leader.replication.throttled.rate", "1000"), Ok(()));
        assert_eq!(verdict("producer.id.expiration.ms", "5000"), Ok(()));
        assert_eq!(verdict("node.id", "7"), fixed("node.id"));
        assert_eq!(verdict("log.retention.hours", "7"), fixed("log.retention.hours"));
        assert!(verdict("log.retention.ms", "0").is_err());
        assert!(verdict("ssl.keystore.location", "/x").unwrap_err().contains("only per-listener"));
        assert!(verdict("listener.name.plaintext.ssl.keystore.location", "/x").unwrap_err().contains("no TLS"));
        assert!(verdict("num.network.threads", "4").unwrap_err().contains("read at the start only"));
        assert!(verdict("max.connection.creation.rate", "5").unwrap_err().contains("not supported yet"));
    }
    let of_one = Err("INVALID_REQUEST Cannot update these configs at default cluster level, \
                      broker id must be specified: [cordoned.log.dirs]"
        .to_owned());
    assert_eq!(verdict(&all, "cordoned.log.dirs", ""), of_one);
    assert_eq!(verdict(&one, "cordoned.log.dirs", ""), Ok(()));
    assert_eq!(verdict(&one, "cordoned.log.dirs", "*"), Ok(()));
    assert!(verdict(&one, "cordoned.log.dirs", "/x").unwrap_err().starts_with("INVALID_REQUEST Invalid entry"));
}

#[test]
fn groups_and_subscriptions_are_checked_as_kafka_checks_them() {
    let (group, metrics) = (ConfigResource::Group("g".into()), ConfigResource::ClientMetrics("m".into()));
    for (resource, key, value, refusal) in [
        (&group, "consumer.session.timeout.ms", "46000", ""),
        (
            &group,
            "consumer.session.timeout.ms",
            "1",
            "INVALID_CONFIG consumer.session.timeout.ms must be greater than or equal to \
             group.consumer.min.session.timeout.ms",
        ),
        (
            &group,
            "consumer.session.timeout.ms",
            "50001",
            "INVALID_CONFIG consumer.session.timeout.ms must be less than or equal to \
             group.consumer.max.session.timeout.ms",
        ),
        (&group, "consumer.heartbeat.interval.ms", "2", ""),
        (
            &group,
            "consumer.assignment.interval.ms",
            "1",
            "INVALID_CONFIG consumer.assignment.interval.ms must be less than or equal to \
             group.consumer.max.assignment.interval.ms",
        ),
        (
            &group,
            "streams.num.standby.replicas",
            "3",
            "INVALID_CONFIG streams.num.standby.replicas must be less than or equal to \
             group.streams.max.standby.replicas",
        ),
        (&group, "share.auto.offset.reset", "by_duration:PT1H", ""),
        (
            &group,
            "share.isolation.level",
            "bogus",
            "INVALID_CONFIG Invalid value bogus for configuration share.isolation.level: \
             String must be one of: read_committed, read_uncommitted",
        ),
        (&group, "foo", "1", "INVALID_CONFIG Unknown group config name: foo"),
        (&metrics, "metrics", "a.b,c", ""),
        (&metrics, "interval.ms", "100", ""),
        (
            &metrics,
            "interval.ms",
            "50",
            "INVALID_REQUEST Invalid value 50 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
        ),
        (
            &metrics,
            "interval.ms",
            "x",
            "INVALID_CONFIG Invalid value x for configuration interval.ms: Not a number of type INT",
        ),
        (&metrics, "match", "client_id=a.*,client_software_name=x", ""),
        (&metrics, "match", "bogus=1", "INVALID_CONFIG Illegal client matching pattern: bogus=1"),
        (&metrics, "match", "client_id=(", "INVALID_CONFIG Illegal client matching pattern: client_id=("),
        (&metrics, "foo", "1", "INVALID_REQUEST Unknown client metrics configuration: foo"),
    ] {
        let verdict = verdict(resource, key, value).err().unwrap_or_default();
        assert_eq!(verdict, refusal, "{key}={value}");
    }
}

#[test]
fn lists_have_a_default_to_append_to() {
    let topic = ConfigResource::Topic("t".into());
    assert_eq!(RULES.list_default(&topic, "cleanup.policy"), Some("delete"));
    assert_eq!(RULES.list_default(&ConfigResource::DefaultBroker, "log.cleanup.policy"), Some("delete"));
    assert_eq!(RULES.list_default(&topic, "segment.bytes"), None);
    assert_eq!(RULES.list_default(&ConfigResource::ClientMetrics("m".into()), "metrics"), None, "as Kafka has it");
    assert_eq!(RULES.list_default(&topic, "no.such.key"), None);
}
