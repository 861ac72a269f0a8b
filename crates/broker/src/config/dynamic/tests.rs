//! What may be changed while the node runs.

use record::BrokerId;

use super::*;

fn verdict(resource: &ConfigResource, key: &str, value: &str) -> Result<(), String> {
    (RULES.check)(resource, &BTreeMap::from([(key, value)]))
}

#[test]
fn a_topic_may_have_topic_keys_with_values_that_they_take() {
    let topic = ConfigResource::Topic("t".into());
    assert_eq!(verdict(&topic, "segment.bytes", "2000000"), Ok(()));
    assert_eq!(
        verdict(&topic, "log.segment.bytes", "2000000"),
        Err("Unknown topic config name: log.segment.bytes".into())
    );
    assert!(verdict(&topic, "segment.bytes", "many").unwrap_err().starts_with("Invalid value many for configuration"));
}

#[test]
fn a_broker_may_have_the_defaults_of_topic_keys_under_its_own_names() {
    for resource in [ConfigResource::DefaultBroker, ConfigResource::Broker(BrokerId(1))] {
        assert_eq!(verdict(&resource, "log.segment.bytes", "2000000"), Ok(()));
        assert!(verdict(&resource, "log.segment.bytes", "many").unwrap_err().starts_with("Invalid value many"));
        assert!(verdict(&resource, "segment.bytes", "2000000").unwrap_err().starts_with("Unknown broker config"));
        let fixed = verdict(&resource, "node.id", "7").unwrap_err();
        assert_eq!(fixed, "Cannot update these configs dynamically: [node.id]");
    }
}

#[test]
fn lists_have_a_default_to_append_to() {
    let topic = ConfigResource::Topic("t".into());
    assert_eq!((RULES.list_default)(&topic, "cleanup.policy"), Some("delete"));
    assert_eq!((RULES.list_default)(&ConfigResource::DefaultBroker, "log.cleanup.policy"), Some("delete"));
    assert_eq!((RULES.list_default)(&topic, "segment.bytes"), None);
    assert_eq!((RULES.list_default)(&topic, "no.such.key"), None);
}
