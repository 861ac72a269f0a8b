use super::*;

mod golden;

fn load(file: &str, overrides: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let overrides = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let file = Some(("server.properties".to_owned(), file.to_owned()));
    Config::load(&Sources { file, overrides, ..Sources::default() })
}

fn refused(file: &str) -> String {
    load(file, &[]).expect_err("this configuration must be refused").to_string()
}

#[test]
fn without_settings_it_listens_on_loopback_only() {
    let config = load("", &[]).unwrap().config;
    let bind = Endpoint { host: "127.0.0.1".to_owned(), port: 9092 };
    assert_eq!(config.listeners, [Listener { name: "PLAINTEXT".to_owned(), bind, advertised: None }]);
    assert_eq!(config.log_dirs, [PathBuf::from("./ottla-data")]);
    assert_eq!(config.metadata_dir, PathBuf::from("./ottla-data"));
}

#[test]
fn the_later_source_wins() {
    let sources = Sources {
        file: Some(("f".to_owned(), "num.partitions=3\nlog.dirs=/a\nlisteners=PLAINTEXT://:1\n".to_owned())),
        overrides: vec![("num.partitions".to_owned(), "7".to_owned())],
        data_dirs: vec![PathBuf::from("/b"), PathBuf::from("/c")],
        listen: Some("[::1]:9093".to_owned()),
        environment: vec![("num.partitions".to_owned(), "5".to_owned())],
        durable: false,
    };
    let config = Config::load(&sources).unwrap().config;
    assert_eq!((config.num_partitions, config.metadata_dir), (7, PathBuf::from("/b")));
    assert_eq!(config.log_dirs, [PathBuf::from("/b"), PathBuf::from("/c")]);
    assert_eq!(config.originals["log.dirs"], "/b,/c");
    assert_eq!(config.listeners[0].bind, Endpoint { host: "::1".to_owned(), port: 9093 });
}

#[test]
fn a_topic_default_comes_from_the_brokers_synonym() {
    let loaded = load("log.segment.bytes=2097152\nmessage.max.bytes=5000\n", &[]).unwrap();
    let defaults = &loaded.config.topic_defaults;
    assert_eq!((defaults.segment_bytes, defaults.max_message_bytes), (2 << 20, 5000));
    let own = defaults.with([("max.message.bytes", Some("9"))]).unwrap();
    assert_eq!((own.segment_bytes, own.max_message_bytes), (2 << 20, 9));
}

#[test]
fn what_would_secure_the_broker_is_refused_by_name() {
    for (line, key) in [
        ("ssl.keystore.location=/k", "ssl.keystore.location"),
        ("sasl.enabled.mechanisms=PLAIN", "sasl.enabled.mechanisms"),
        ("listeners=SSL://:9093", "listeners"),
        ("listener.security.protocol.map=CLIENT:SASL_SSL\nlisteners=CLIENT://:9093", "listener.security.protocol.map"),
        ("listener.name.client.ssl.truststore.location=/t", "listener.name.client.ssl.truststore.location"),
        ("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "authorizer.class.name"),
    ] {
        let message = refused(line);
        assert!(message.starts_with(key) && message.contains("not supported"), "{line}: {message}");
    }
}

#[test]
fn listen_does_not_replace_a_secure_listener_silently() {
    let file = Some(("f".to_owned(), "listeners=SSL://:9093\n".to_owned()));
    let sources = Sources { file, listen: Some("127.0.0.1:9092".to_owned()), ..Sources::default() };
    assert!(matches!(Config::load(&sources), Err(ConfigError::Unsupported { .. })));
}

#[test]
fn secrets_are_not_printed() {
    assert!(!refused("ssl.keystore.password=hunter2").contains("hunter2"));
}

#[test]
fn bad_values_say_what_would_be_valid() {
    for (line, hint) in [
        ("num.partitions=0", "must be at least 1"),
        ("num.partitions=many", "Not a number of type INT"),
        ("auto.create.topics.enable=yes", "Expected value to be either true or false"),
        ("log.segment.bytes=1024", "must be at least 1048576"),
        ("listeners=9092", "NAME://HOST:PORT"),
        ("listeners=PLAINTEXT://:9092,PLAINTEXT://:9093", "stands twice"),
        ("listeners=PLAINTEXT://0.0.0.0:9092\nadvertised.listeners=PLAINTEXT://0.0.0.0:9092", "cannot connect"),
        ("advertised.listeners=OUTSIDE://h:1", "no listener has this name"),
        ("listeners=CLIENT://:9092", "map it to PLAINTEXT"),
        ("log.dirs=", "a directory is needed"),
        ("process.roles=controller", "a controller of its own is not served yet"),
        ("process.roles=janitor", "String must be one of: broker, controller"),
        ("sasl.enabled.mechanisms=PLAIN", "there is no SASL"),
        ("max.connections.per.ip.overrides=127.0.0.1:5", "the same limit"),
        ("remote.log.storage.system.enable=true", "no tiered storage"),
        ("log.retention.hours=0", "must be unlimited (-1) or, greater than or equal to 1"),
    ] {
        let message = refused(line);
        assert!(message.contains(hint), "{line}: {message}");
    }
}

#[test]
fn unknown_keys_and_those_without_effect_warn() {
    let loaded = load("no.such.key=1\nnum.io.threads=8\n", &[]).unwrap();
    assert_eq!(loaded.warnings.len(), 2);
    assert!(loaded.warnings[0].contains("no.such.key") && loaded.warnings[1].contains("num.io.threads"));
}

#[test]
fn a_controller_listener_needs_no_socket() {
    let file = "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.listener.names=CONTROLLER\n";
    let config = load(file, &[]).unwrap().config;
    assert_eq!(config.listeners.len(), 1);
}

#[test]
fn named_listeners_advertise_their_own_address() {
    let file = "listeners=IN://:9092,OUT://:9094\nlistener.security.protocol.map=IN:PLAINTEXT,OUT:PLAINTEXT\n\
                advertised.listeners=IN://kafka:9092,OUT://localhost:9094\n";
    let config = load(file, &[]).unwrap().config;
    let hosts: Vec<_> =
        config.listeners.iter().filter_map(|l| l.advertised.as_ref()).map(|e| e.host.as_str()).collect();
    assert_eq!(hosts, ["kafka", "localhost"]);
}

#[test]
fn properties_are_read_as_java_reads_them() {
    let text = "# comment\n! too\n\n a = b \nc:d\ne f\nlong = one,\\\n   two\ntab=\\t.\\u0041\nempty=\n";
    let pairs = properties::parse("f", text).unwrap();
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("a", "b"), ("c", "d"), ("e", "f"), ("long", "one,two"), ("tab", "\t.A"), ("empty", "")]);
    assert!(matches!(properties::parse("f", "ok=1\n=2"), Err(ConfigError::Syntax { line: 2, .. })));
}

#[test]
fn topic_keys_refuse_what_is_not_served() {
    let defaults = TopicConfig::default();
    assert!(defaults.with([("cleanup.policy", Some("delete")), ("min.insync.replicas", Some("2"))]).is_ok());
    for (key, value, hint) in [
        ("cleanup.policy", Some("compact"), "not served yet"),
        ("preallocate", Some("yes"), "Expected value to be either true or false"),
        ("compression.type", Some("foo"), "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer"),
        ("compression.gzip.level", Some("0"), "Value must be between 1 and 9 or equal to -1"),
        ("min.cleanable.dirty.ratio", Some("2"), "Value must be no more than 1"),
        ("cleanup.policy", Some("delete,foo"), "Invalid value foo for configuration cleanup.policy"),
        ("retention.ms", Some("-2"), "Value must be at least -1"),
        ("flush.messages", Some("0"), "Value must be at least 1"),
        ("no.such", Some("1"), "Unknown topic config name: no.such"),
        ("segment.bytes", Some("x"), "Invalid value x for configuration segment.bytes"),
        ("segment.bytes", None, "Null value not supported"),
    ] {
        let message = defaults.with([(key, value)]).unwrap_err();
        assert!(message.contains(hint), "{key}: {message}");
    }
}

#[test]
fn the_finest_unit_of_a_time_wins_in_any_order() {
    let defaults = |file: &str| load(file, &[]).unwrap().config.topic_defaults;
    assert_eq!(defaults("log.retention.minutes=2\nlog.retention.hours=1\n").retention_ms, 120_000);
    assert_eq!(defaults("log.retention.ms=5\nlog.retention.minutes=2\n").retention_ms, 5);
    assert_eq!(defaults("log.retention.hours=-1\n").retention_ms, -1);
    assert_eq!(defaults("log.roll.hours=1\nlog.roll.jitter.hours=2\n").segment_ms, 3_600_000);
    assert_eq!(defaults("log.roll.jitter.hours=2\n").segment_jitter_ms, 7_200_000);
    assert_eq!(defaults("log.flush.scheduler.interval.ms=9\n").flush_ms, 9);
    assert_eq!(defaults("log.flush.scheduler.interval.ms=9\nlog.flush.interval.ms=8\n").flush_ms, 8);
    assert_eq!(defaults("").retention_ms, 604_800_000);
}

#[test]
fn durable_is_the_default_of_every_topic_and_a_topic_may_say_otherwise() {
    let sources = Sources { durable: true, ..Sources::default() };
    let config = Config::load(&sources).unwrap().config;
    assert!(config.topic_defaults.durability().starts_with("disk (group commit)"));
    assert_eq!(config.topic_defaults.with([("flush.messages", Some("7"))]).unwrap().flush_messages, 7);
    assert_eq!(load("log.flush.interval.messages=1\n", &[]).unwrap().config.topic_defaults.flush_messages, 1);
    assert!(load("", &[]).unwrap().config.topic_defaults.durability().starts_with("page cache"));
}

#[test]
fn without_a_cleanup_policy_nothing_expires() {
    let defaults = TopicConfig::default();
    let kept = defaults.with([("cleanup.policy", Some("")), ("retention.bytes", Some("1000"))]).unwrap().log_config();
    assert_eq!((kept.retention_ms, kept.retention_bytes), (-1, -1));
    assert_eq!(defaults.log_config().retention_ms, 604_800_000);
}

#[test]
fn settings_of_brokers_that_changed_at_run_time_are_those_of_the_synonyms() {
    let changed = TopicConfig::default().with_broker_defaults([
        ("log.retention.ms", "1000"),
        ("log.flush.interval.messages", "not valid"),
        ("num.io.threads", "8"),
    ]);
    assert_eq!((changed.retention_ms, changed.flush_messages), (1000, i64::MAX));
}

#[test]
fn retention_that_is_changed_at_run_time_is_obeyed_or_keeps_the_records() {
    let changed = |name, value| TopicConfig::default().with_broker_defaults([(name, value)]).log_config();
    for endless in ["-1", "-2", "-9223372036854775808"] {
        assert_eq!(changed("log.retention.ms", endless).retention_ms, -1, "log.retention.ms={endless}");
    }
    assert_eq!(changed("log.roll.ms", "5000").segment_ms, 5000);
    assert_eq!(changed("producer.id.expiration.ms", "7").producer_id_expiration_ms, 7);
    for (name, value) in [("log.cleanup.policy", "compact"), ("log.retention.ms", "0"), ("log.retention.bytes", "?")] {
        let kept = changed(name, value);
        assert_eq!((kept.retention_ms, kept.retention_bytes), (-1, -1), "{name}={value}");
    }
}

#[test]
fn a_log_that_another_version_may_have_compacted_is_known() {
    for (policy, is_compacted) in [("compact,delete", true), ("delete", false), ("compact", false)] {
        let (config, _) = TopicConfig::default().with_stored([("cleanup.policy", policy)]);
        assert_eq!(
            config.log_config().is_compacted,
            is_compacted,
            "{policy}: groups keep their records under the last one"
        );
    }
}

#[test]
fn what_all_groups_have_is_what_one_of_them_may_set() {
    for (file, key, other) in [
        ("group.consumer.session.timeout.ms=6000", "group.consumer.session.timeout.ms=6000", "min.session"),
        ("group.consumer.heartbeat.interval.ms=15001", "group.consumer.heartbeat.interval.ms=15001", "max.heartbeat"),
        ("group.consumer.max.session.timeout.ms=44999", "group.consumer.max.session.timeout.ms=44999", "min.session"),
        (
            "group.consumer.min.session.timeout.ms=1\ngroup.consumer.session.timeout.ms=5000",
            "group.consumer.heartbeat.interval.ms=5000",
            "less than group.consumer.session.timeout.ms",
        ),
    ] {
        let said = refused(file);
        assert!(said.starts_with(key) && said.contains(other), "{said}");
    }
    let short = "group.consumer.min.session.timeout.ms=6000\ngroup.consumer.session.timeout.ms=6000";
    assert!(load(short, &[]).is_ok());
}

#[test]
fn the_two_names_of_the_id_say_the_same() {
    let id = |text: &str| load(text, &[]).map(|loaded| loaded.config.node_id.0);
    assert_eq!(id("broker.id=7\nnode.id=7\n").unwrap(), 7);
    assert_eq!(id("node.id=7\nbroker.id=-1\n").unwrap(), 7, "-1 is unset");
    assert_eq!(id("broker.id=-1\n").unwrap(), 1);
    for text in ["node.id=1\nbroker.id=2\n", "broker.id=2\nnode.id=1\n"] {
        assert!(id(text).unwrap_err().to_string().starts_with("broker.id=2: "), "{text}");
    }
    assert!(id("broker.id=-2\n").is_err());
}

#[test]
fn batches_are_changed_as_the_topic_says() {
    use record::{Compression, Encoding, TimestampType};
    let defaults = TopicConfig::default();
    let with = |pairs: &[(&'static str, &'static str)]| {
        defaults.with(pairs.iter().map(|(key, value)| (*key, Some(*value)))).map_err(|error| error.to_string())
    };
    let encoding = |pairs: &[(&'static str, &'static str)]| with(pairs).unwrap().encoding();
    assert_eq!((encoding(&[]), encoding(&[("compression.type", "producer")])), (None, None));
    assert_eq!(encoding(&[("compression.type", "uncompressed")]), Some(Encoding::of(Compression::None)));
    let levels = [("compression.gzip.level", "9"), ("compression.zstd.level", "-7"), ("compression.lz4.level", "17")];
    let leveled = |name| encoding(&[&[("compression.type", name)], &levels[..]].concat());
    for (name, compression, level) in [
        ("gzip", Compression::Gzip, Some(9)),
        ("snappy", Compression::Snappy, None),
        ("lz4", Compression::Lz4, None),
        ("zstd", Compression::Zstd, Some(-7)),
    ] {
        assert_eq!(leveled(name), Some(Encoding { compression, level }));
    }
    let append_time = with(&[("message.timestamp.type", "LogAppendTime")]).unwrap();
    assert_eq!(append_time.timestamp_type, TimestampType::LogAppendTime);
    for wrong in [
        ("compression.type", "none"),
        ("compression.type", "GZIP"),
        ("compression.gzip.level", "0"),
        ("compression.gzip.level", "10"),
        ("compression.lz4.level", "18"),
        ("compression.zstd.level", "23"),
        ("compression.zstd.level", "-131073"),
        ("message.timestamp.type", "createtime"),
        ("min.insync.replicas", "0"),
    ] {
        assert!(with(&[wrong]).is_err(), "{wrong:?}");
    }
}

/// The files of the distribution of Apache Kafka 4.3.1, and what its container image makes of its usual variables.
#[test]
fn what_a_stock_kafka_starts_with_starts_ottla() {
    for (name, text) in [
        ("server", include_str!("tests/stock/server.properties")),
        ("broker", include_str!("tests/stock/broker.properties")),
        ("docker", include_str!("tests/stock/docker.properties")),
    ] {
        let loaded = load(text, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!loaded.warnings.iter().any(|warning| warning.contains("unknown")), "{name}: {:?}", loaded.warnings);
        assert_eq!(loaded.config.listeners.len(), 1, "{name}: no socket for the controller");
    }
    let message = refused(include_str!("tests/stock/controller.properties"));
    assert!(message.starts_with("process.roles=controller"), "{message}");
}

#[test]
fn the_variables_of_the_container_image_win_over_the_file() {
    let variables = [("KAFKA_LISTENERS", "INTERNAL://:29092,EXTERNAL://:9092"), ("KAFKA_NUM_PARTITIONS", "4")]
        .into_iter()
        .chain([("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT")])
        .chain([("KAFKA_ADVERTISED_LISTENERS", "INTERNAL://broker:29092,EXTERNAL://localhost:9092")]);
    let environment = environment::settings(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let file = Some(("f".to_owned(), "num.partitions=3\n".to_owned()));
    let config = Config::load(&Sources { file, environment, ..Sources::default() }).unwrap().config;
    assert_eq!(config.num_partitions, 4);
    let advertised: Vec<_> =
        config.listeners.iter().filter_map(|l| l.advertised.as_ref()).map(ToString::to_string).collect();
    assert_eq!(advertised, ["broker:29092", "localhost:9092"]);
}

#[test]
fn log_dirs_wins_over_log_dir_in_any_order() {
    let dirs = |file: &str| load(file, &[]).unwrap().config.log_dirs;
    assert_eq!(dirs("log.dirs=/a\nlog.dir=/b\n"), [PathBuf::from("/a")]);
    assert_eq!(dirs("log.dir=/b\nlog.dirs=/a, /c\n"), [PathBuf::from("/a"), PathBuf::from("/c")]);
    assert_eq!(dirs("log.dir=/b\n"), [PathBuf::from("/b")]);
}

#[test]
fn the_metadata_log_lies_in_the_first_directory_unless_it_is_said_where() {
    let dir = |file: &str| load(file, &[]).unwrap().config.metadata_dir;
    assert_eq!(dir("log.dirs=/a,/b\n"), PathBuf::from("/a"));
    assert_eq!(dir("metadata.log.dir=/b\nlog.dirs=/a,/b\n"), PathBuf::from("/b"));
    assert_eq!(dir("metadata.log.dir= /c \nlog.dirs=/a,/b\n"), PathBuf::from("/c"));
    for (value, why) in
        [("/a,/b", "must be one directory"), ("", "a directory is needed"), ("/a,", "a directory is needed")]
    {
        let said = refused(&format!("metadata.log.dir={value}\nlog.dirs=/a,/b\n"));
        assert!(said.contains("metadata.log.dir") && said.contains(why), "{said}");
    }
}
