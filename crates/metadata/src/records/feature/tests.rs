//! Round trips.

use proptest::prelude::*;

use super::*;
use crate::testing::{any_str, assert_round_trip};

proptest! {
    #[test]
    fn features_round_trip(name in any_str(), level: i16) {
        assert_round_trip(FeatureRecord { name, level });
    }
}
