//! Round trips.

use proptest::prelude::*;

use super::*;
use crate::testing::{any_broker, any_str, any_uuid, assert_round_trip};

fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    let protocol = prop_oneof![
        Just(SecurityProtocol::Plaintext),
        Just(SecurityProtocol::Ssl),
        Just(SecurityProtocol::SaslPlaintext),
        Just(SecurityProtocol::SaslSsl),
    ];
    (any_str(), any_str(), any::<u16>(), protocol).prop_map(|(listener, host, port, security_protocol)| Endpoint {
        listener,
        host,
        port,
        security_protocol,
    })
}

proptest! {
    #[test]
    fn registrations_round_trip(
        id in any_broker(),
        incarnation in any_uuid(),
        epoch: u64,
        endpoints in prop::collection::vec(any_endpoint(), 0..4),
        rack in prop::option::of(any_str()),
    ) {
        assert_round_trip(RegisterBrokerRecord { id, incarnation, epoch, endpoints, rack });
    }

    #[test]
    fn fences_round_trip(id in any_broker(), epoch: u64) {
        assert_round_trip(FenceBrokerRecord { id, epoch });
        assert_round_trip(UnfenceBrokerRecord { id, epoch });
    }
}
