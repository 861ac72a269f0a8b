//! Round trips.

use proptest::prelude::*;

use super::*;
use crate::testing::{any_str, any_uuid, assert_round_trip};

proptest! {
    #[test]
    fn topics_round_trip(name in any_str(), id in any_uuid()) {
        assert_round_trip(TopicRecord { name, id });
        assert_round_trip(RemoveTopicRecord { id });
    }
}
