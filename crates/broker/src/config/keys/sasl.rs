//! SASL: known and refused.

use super::reasons::NO_SASL;
use crate::config::Config;
use crate::config::key::{Key, Scope, class, double, flag, int, list, long, password, short, text};
use crate::config::valid::Valid;

/// The table.
pub const KEYS: &[Key<Config>] = &[
    class("sasl.client.callback.handler.class")
        .only_default(NO_SASL)
        .doc("The class that answers a client's questions."),
    list("sasl.enabled.mechanisms")
        .default("GSSAPI")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("The mechanisms that are served."),
    password("sasl.jaas.config").scope(Scope::PerBroker).only_default(NO_SASL).doc("Who logs in and how."),
    text("sasl.kerberos.kinit.cmd")
        .default("/usr/bin/kinit")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("The path of kinit."),
    long("sasl.kerberos.min.time.before.relogin")
        .default("60000")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("How long a login is kept at least."),
    list("sasl.kerberos.principal.to.local.rules")
        .default("DEFAULT")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("How Kerberos names become short."),
    text("sasl.kerberos.service.name").scope(Scope::PerBroker).only_default(NO_SASL).doc("The name of the service."),
    double("sasl.kerberos.ticket.renew.jitter")
        .default("0.05")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("How far renewals are spread."),
    double("sasl.kerberos.ticket.renew.window.factor")
        .default("0.8")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("When a ticket is renewed."),
    class("sasl.login.callback.handler.class")
        .only_default(NO_SASL)
        .doc("The class that answers the questions of a login."),
    class("sasl.login.class").only_default(NO_SASL).doc("The class that logs in."),
    int("sasl.login.connect.timeout.ms").only_default(NO_SASL).doc("How long a connection for a login may take."),
    int("sasl.login.read.timeout.ms").only_default(NO_SASL).doc("How long the answer to a login may take."),
    short("sasl.login.refresh.buffer.seconds")
        .default("300")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("How long before its end a login is renewed."),
    short("sasl.login.refresh.min.period.seconds")
        .default("60")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("How long a login waits at least to be renewed."),
    double("sasl.login.refresh.window.factor")
        .default("0.8")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("When a login is renewed."),
    double("sasl.login.refresh.window.jitter")
        .default("0.05")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("How far renewals are spread."),
    long("sasl.login.retry.backoff.max.ms")
        .default("10000")
        .only_default(NO_SASL)
        .doc("How long a failed login waits at the most."),
    long("sasl.login.retry.backoff.ms")
        .default("100")
        .only_default(NO_SASL)
        .doc("How long a failed login waits at first."),
    text("sasl.mechanism.controller.protocol")
        .default("GSSAPI")
        .only_default(NO_SASL)
        .doc("The mechanism towards controllers."),
    text("sasl.mechanism.inter.broker.protocol")
        .default("GSSAPI")
        .scope(Scope::PerBroker)
        .only_default(NO_SASL)
        .doc("The mechanism between brokers."),
    text("sasl.oauthbearer.assertion.algorithm")
        .default("RS256")
        .valid(Valid::OneOfAnyCase(&["ES256", "RS256"]))
        .only_default(NO_SASL)
        .doc("How an assertion is signed."),
    text("sasl.oauthbearer.assertion.claim.aud").only_default(NO_SASL).doc("For whom an assertion is."),
    int("sasl.oauthbearer.assertion.claim.exp.seconds")
        .default("300")
        .between(0, 86_400)
        .only_default(NO_SASL)
        .doc("How long an assertion is good."),
    text("sasl.oauthbearer.assertion.claim.iss").only_default(NO_SASL).doc("Who makes an assertion."),
    flag("sasl.oauthbearer.assertion.claim.jti.include")
        .default("false")
        .only_default(NO_SASL)
        .doc("An assertion has an id."),
    int("sasl.oauthbearer.assertion.claim.nbf.seconds")
        .default("60")
        .between(0, 3600)
        .only_default(NO_SASL)
        .doc("From when an assertion is good."),
    text("sasl.oauthbearer.assertion.claim.sub").only_default(NO_SASL).doc("Whom an assertion is about."),
    text("sasl.oauthbearer.assertion.file").only_default(NO_SASL).doc("A file with an assertion."),
    text("sasl.oauthbearer.assertion.private.key.file").only_default(NO_SASL).doc("A file with the key of assertions."),
    password("sasl.oauthbearer.assertion.private.key.passphrase")
        .only_default(NO_SASL)
        .doc("The passphrase of that key."),
    text("sasl.oauthbearer.assertion.template.file").only_default(NO_SASL).doc("A file with the form of assertions."),
    text("sasl.oauthbearer.client.credentials.client.id").only_default(NO_SASL).doc("The id of a client of OAuth."),
    password("sasl.oauthbearer.client.credentials.client.secret")
        .only_default(NO_SASL)
        .doc("The secret of a client of OAuth."),
    int("sasl.oauthbearer.clock.skew.seconds").default("30").only_default(NO_SASL).doc("How far clocks may differ."),
    list("sasl.oauthbearer.expected.audience").default("").only_default(NO_SASL).doc("For whom a token has to be."),
    text("sasl.oauthbearer.expected.issuer").only_default(NO_SASL).doc("Who has to have made a token."),
    long("sasl.oauthbearer.jwks.endpoint.refresh.ms")
        .default("3600000")
        .only_default(NO_SASL)
        .doc("How often keys are fetched."),
    long("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms")
        .default("10000")
        .only_default(NO_SASL)
        .doc("How long a failed fetch of keys waits at the most."),
    long("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms")
        .default("100")
        .only_default(NO_SASL)
        .doc("How long a failed fetch of keys waits at first."),
    text("sasl.oauthbearer.jwks.endpoint.url").only_default(NO_SASL).doc("Where keys are fetched."),
    class("sasl.oauthbearer.jwt.retriever.class")
        .default("org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever")
        .only_default(NO_SASL)
        .doc("The class that fetches tokens."),
    class("sasl.oauthbearer.jwt.validator.class")
        .default("org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator")
        .only_default(NO_SASL)
        .doc("The class that checks tokens."),
    text("sasl.oauthbearer.scope").only_default(NO_SASL).doc("The scope that is asked for."),
    text("sasl.oauthbearer.scope.claim.name").default("scope").only_default(NO_SASL).doc("The claim with the scope."),
    text("sasl.oauthbearer.sub.claim.name").default("sub").only_default(NO_SASL).doc("The claim with the subject."),
    text("sasl.oauthbearer.token.endpoint.url").only_default(NO_SASL).doc("Where tokens are fetched."),
    class("sasl.server.callback.handler.class")
        .only_default(NO_SASL)
        .doc("The class that answers the server's questions."),
    int("sasl.server.max.receive.size").default("524288").only_default(NO_SASL).doc("The largest message of SASL."),
];
