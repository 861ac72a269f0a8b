//! Round trips.

use proptest::prelude::*;

use super::*;
use crate::testing::{any_broker, any_str, assert_round_trip};

fn any_resource() -> impl Strategy<Value = ConfigResource> {
    prop_oneof![
        any_str().prop_map(ConfigResource::Topic),
        any_broker().prop_map(ConfigResource::Broker),
        Just(ConfigResource::DefaultBroker),
        any_str().prop_map(ConfigResource::ClientMetrics),
        any_str().prop_map(ConfigResource::Group),
    ]
}

proptest! {
    #[test]
    fn configs_round_trip(resource in any_resource(), key in any_str(), value in prop::option::of(any_str())) {
        assert_round_trip(ConfigRecord { resource, key, value });
    }
}
