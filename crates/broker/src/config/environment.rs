//! Settings from the environment, as Apache Kafka's container image takes them: `KAFKA_LOG_DIRS` is `log.dirs`.

/// Variables of the image that set up a JVM or logging, and no key.
const NOT_KEYS: &[&str] = &[
    "KAFKA_VERSION",
    "KAFKA_HOME",
    "KAFKA_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_JMX_OPTS",
    "KAFKA_JMX_PORT",
    "KAFKA_JMX_HOSTNAME",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_LOG4J_LOGGERS",
    "KAFKA_LOG4J_ROOT_LOGLEVEL",
    "KAFKA_TOOLS_LOG4J_LOGLEVEL",
];

/// The settings among `variables`, sorted by key.
pub fn settings(variables: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let settings = variables.into_iter().filter_map(|(name, value)| Some((key(&name)?, value)));
    let mut settings: Vec<_> = settings.collect();
    settings.sort();
    settings
}

/// `_` stands for a dot, `__` for `_` and `___` for a dash.
fn key(variable: &str) -> Option<String> {
    let name = variable.strip_prefix("KAFKA_").filter(|_| !NOT_KEYS.contains(&variable))?;
    let name = name.to_ascii_lowercase().replace("___", "-").replace("__", "\0").replace('_', ".");
    Some(name.replace('\0', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_keys_as_in_the_image_of_kafka() {
        let variables = ["KAFKA_LOG_DIRS", "KAFKA_A__B", "KAFKA_C___D", "KAFKA_HEAP_OPTS", "PATH"];
        let settings = settings(variables.map(|name| (name.to_owned(), "v".to_owned())));
        let keys: Vec<_> = settings.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a_b", "c-d", "log.dirs"]);
    }
}
