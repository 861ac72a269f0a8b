//! What is not served yet, and says so with Kafka's words: rules of access, quotas, SCRAM credentials.

use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::describe_client_quotas_request::ComponentData;
use kafka_protocol::messages::describe_user_scram_credentials_request::UserName;
use kafka_protocol::messages::{
    AlterClientQuotasRequest, AlterUserScramCredentialsRequest, CreateAclsRequest, DeleteAclsRequest,
    DescribeAclsRequest, DescribeClientQuotasRequest, DescribeUserScramCredentialsRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::tool;
use crate::harness::Broker;
use crate::raw::{Connection, error_name};

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

#[test]
fn without_an_authorizer_rules_of_access_are_refused_as_kafka_does() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for version in 1..=3 {
        let filter = DescribeAclsRequest::default()
            .with_resource_type_filter(1)
            .with_pattern_type_filter(1)
            .with_operation(1)
            .with_permission_type(1);
        let described = connection.call(version, &filter);
        assert_eq!(error_name(described.error_code), "SecurityDisabled");
        assert_eq!(described.error_message.as_deref(), Some("No Authorizer is configured on the broker"));
        let rule = AclCreation::default()
            .with_resource_type(2)
            .with_resource_name(text("t"))
            .with_resource_pattern_type(3)
            .with_principal(text("User:a"))
            .with_host(text("*"))
            .with_operation(3)
            .with_permission_type(3);
        let created = connection.call(version, &CreateAclsRequest::default().with_creations(vec![rule.clone(), rule]));
        assert_eq!(created.results.len(), 2);
        assert_eq!(error_name(created.results[1].error_code), "SecurityDisabled");
        assert_eq!(created.results[1].error_message.as_deref(), Some("No Authorizer is configured."));
        let filter = DeleteAclsFilter::default()
            .with_resource_type_filter(1)
            .with_pattern_type_filter(1)
            .with_operation(1)
            .with_permission_type(1);
        let deleted = connection.call(version, &DeleteAclsRequest::default().with_filters(vec![filter]));
        assert_eq!(error_name(deleted.filter_results[0].error_code), "SecurityDisabled");
        assert_eq!(deleted.filter_results[0].error_message.as_deref(), Some("No Authorizer is configured."));
    }
}

#[test]
fn there_are_no_quotas_and_questions_about_them_are_checked() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let mut ask = |version: i16, components: &[(&'static str, i8, Option<&'static str>)]| {
        let component = |(entity_type, match_type, name): &(&'static str, i8, Option<&'static str>)| {
            ComponentData::default()
                .with_entity_type(text(entity_type))
                .with_match_type(*match_type)
                .with_match(name.map(text))
        };
        let components = components.iter().map(component).collect();
        let response = connection.call(version, &DescribeClientQuotasRequest::default().with_components(components));
        let entries = response.entries.map(|entries| entries.len());
        (error_name(response.error_code), entries)
    };
    for version in 0..=1 {
        assert_eq!(ask(version, &[]), ("None".to_owned(), Some(0)));
        assert_eq!(ask(version, &[("user", 0, Some("a")), ("client-id", 1, None)]), ("None".to_owned(), Some(0)));
        for (components, error) in [
            (&[("user", 0, None)][..], "InvalidRequest"),
            (&[("user", 1, Some("a"))], "InvalidRequest"),
            (&[("user", 7, None)], "InvalidRequest"),
            (&[("", 0, Some("a"))], "InvalidRequest"),
            (&[("user", 2, None), ("user", 2, None)], "InvalidRequest"),
            (&[("user", 2, None), ("ip", 2, None)], "InvalidRequest"),
            (&[("moon", 2, None)], "UnsupportedVersion"),
        ] {
            assert_eq!(ask(version, components), (error.to_owned(), None), "{components:?}");
        }
    }
}

#[test]
fn a_quota_is_refused_rather_than_forgotten() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let entity = EntityData::default().with_entity_type(text("user")).with_entity_name(Some(text("a")));
    let op = OpData::default().with_key(text("producer_byte_rate")).with_value(1024.0);
    let entry = EntryData::default().with_entity(vec![entity]).with_ops(vec![op]);
    for version in 0..=1 {
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry.clone()]);
        let refused = connection.call(version, &request).entries.remove(0);
        assert_eq!((&*error_name(refused.error_code), &*refused.entity[0].entity_type), ("InvalidRequest", "user"));
        assert!(refused.error_message.unwrap().contains("not served"));
    }
}

#[test]
fn nobody_has_scram_credentials() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let all = connection.call(0, &DescribeUserScramCredentialsRequest::default().with_users(None));
    assert_eq!((all.error_code, all.results.len()), (0, 0));
    let users = ["a", "b", "a"].map(|name| UserName::default().with_name(text(name)));
    let named = connection.call(0, &DescribeUserScramCredentialsRequest::default().with_users(Some(users.to_vec())));
    let mut told: Vec<_> = named.results.iter().map(|result| (&*result.user, error_name(result.error_code))).collect();
    told.sort();
    assert_eq!(told, [("a", "DuplicateResource".to_owned()), ("b", "ResourceNotFound".to_owned())]);
}

#[test]
fn scram_credentials_that_kafka_would_not_take_have_kafkas_errors() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let mut alter = |deletions: &[(&'static str, i8)], upsertions: &[(&'static str, i8, i32)]| {
        let deletion = |(name, mechanism): &(&'static str, i8)| {
            ScramCredentialDeletion::default().with_name(text(name)).with_mechanism(*mechanism)
        };
        let upsertion = |(name, mechanism, iterations): &(&'static str, i8, i32)| {
            ScramCredentialUpsertion::default()
                .with_name(text(name))
                .with_mechanism(*mechanism)
                .with_iterations(*iterations)
                .with_salt(vec![1; 16].into())
                .with_salted_password(vec![2; 32].into())
        };
        let request = AlterUserScramCredentialsRequest::default()
            .with_deletions(deletions.iter().map(deletion).collect())
            .with_upsertions(upsertions.iter().map(upsertion).collect());
        let response = connection.call(0, &request);
        let told = response.results.iter().map(|result| (result.user.to_string(), error_name(result.error_code)));
        told.collect::<Vec<_>>()
    };
    let one = |user: &str, error: &str| vec![(user.to_owned(), error.to_owned())];
    assert_eq!(alter(&[], &[("u", 1, 4095)]), one("u", "UnacceptableCredential"));
    assert_eq!(alter(&[], &[("u", 1, 16385)]), one("u", "UnacceptableCredential"));
    assert_eq!(alter(&[], &[("", 1, 4096)]), one("", "UnacceptableCredential"));
    assert_eq!(alter(&[], &[("u", 3, 4096)]), one("u", "UnsupportedSaslMechanism"));
    assert_eq!(alter(&[("u", 0)], &[]), one("u", "UnsupportedSaslMechanism"));
    assert_eq!(alter(&[("u", 1)], &[]), one("u", "ResourceNotFound"));
    assert_eq!(alter(&[("u", 1)], &[("u", 1, 4096)]), one("u", "ResourceNotFound"));
    assert_eq!(alter(&[], &[("u", 1, 4096), ("u", 1, 4096)]), one("u", "DuplicateResource"));
    assert_eq!(alter(&[], &[("u", 1, 4095), ("u", 9, 4096)]), one("u", "UnacceptableCredential"));
}

/// They could not be used: nobody can log in.
#[test]
fn a_scram_credential_is_refused_rather_than_forgotten() {
    let Some(broker) = Broker::own(&[]) else { return };
    let wanted = ScramCredentialUpsertion::default().with_name(text("u")).with_mechanism(1).with_iterations(4096);
    let request = AlterUserScramCredentialsRequest::default().with_upsertions(vec![wanted]);
    let refused = Connection::open(&broker).call(0, &request).results.remove(0);
    assert_eq!(error_name(refused.error_code), "UnsupportedSaslMechanism");
    assert!(refused.error_message.unwrap().contains("No SASL mechanism is served"));
}

#[test]
fn kafkas_tool_says_that_there_is_no_authorizer() {
    let broker = Broker::start();
    let Some(said) = tool(&broker, "org.apache.kafka.tools.AclCommand", &["--list"]) else { return };
    assert!(said.contains("No Authorizer is configured on the broker"), "{said}");
}
