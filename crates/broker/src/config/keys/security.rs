//! Who may do what. Nothing here is obeyed yet, so whatever would secure the broker is refused.

use super::reasons::{NO_AUTHORIZER, NO_PRINCIPALS, NO_TLS, NO_TOKENS};
use crate::config::Config;
use crate::config::key::{Key, Scope, class, long, password, text};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    text("authorizer.class.name")
        .default("")
        .only_default(NO_AUTHORIZER)
        .doc("The class that decides who may do what."),
    class("principal.builder.class")
        .default("org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder")
        .scope(Scope::PerBroker)
        .only_default(NO_PRINCIPALS)
        .doc("The class that says who a client is."),
    text("security.providers").only_default(NO_TLS).doc("Classes of cryptography."),
    long("delegation.token.expiry.check.interval.ms")
        .default("3600000")
        .at_least(1)
        .no_effect(NO_TOKENS)
        .doc("How often tokens are looked for that are over time."),
    long("delegation.token.expiry.time.ms")
        .default("86400000")
        .at_least(1)
        .no_effect(NO_TOKENS)
        .doc("How long a token is good without renewal."),
    long("delegation.token.max.lifetime.ms")
        .default("604800000")
        .at_least(1)
        .no_effect(NO_TOKENS)
        .doc("How long a token is good with renewals."),
    password("delegation.token.secret.key").only_default(NO_TOKENS).doc("The key that tokens are signed with."),
];
