//! Round trips.

use proptest::prelude::*;

use super::*;
use crate::testing::{any_broker, assert_round_trip};

proptest! {
    #[test]
    fn blocks_round_trip(broker in any_broker(), next: i64) {
        assert_round_trip(ProducerIdsRecord { broker, next_block_start: ProducerId(next) });
    }
}
