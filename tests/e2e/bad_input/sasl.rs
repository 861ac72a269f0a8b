//! SASL where there is none.

use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;

use super::Scene;
use crate::raw::{Connection, error_name};

#[test]
fn sasl_on_a_listener_without_it_is_an_illegal_state() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    for version in 0..=1 {
        let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str("PLAIN"));
        let response = connection.call(version, &request);
        assert_eq!(error_name(response.error_code), "IllegalSaslState");
        assert_eq!(response.mechanisms, Vec::<StrBytes>::new());
    }
    for version in 0..=2 {
        let request = SaslAuthenticateRequest::default().with_auth_bytes(b"\0user\0password"[..].into());
        let response = connection.call(version, &request);
        assert_eq!(error_name(response.error_code), "IllegalSaslState");
        assert!(response.auth_bytes.is_empty());
    }
    assert_eq!(connection.latest_offset(&scene.topic, 0), Ok(0), "the connection goes on");
    scene.end();
}
