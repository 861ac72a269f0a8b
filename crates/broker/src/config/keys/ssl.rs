//! TLS: known and refused.

use super::reasons::NO_TLS;
use crate::config::Config;
use crate::config::key::{Key, Scope, class, flag, list, password, text};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    flag("ssl.allow.dn.changes").default("false").only_default(NO_TLS).doc("A new certificate may have another name."),
    flag("ssl.allow.san.changes")
        .default("false")
        .only_default(NO_TLS)
        .doc("A new certificate may have other host names."),
    list("ssl.cipher.suites")
        .default("")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The ciphers that are allowed."),
    text("ssl.client.auth")
        .default("none")
        .one_of(&["required", "requested", "none"])
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("Whether clients show certificates."),
    list("ssl.enabled.protocols")
        .default("TLSv1.2,TLSv1.3")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The versions of TLS that are allowed."),
    text("ssl.endpoint.identification.algorithm")
        .default("https")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("How the name of a server is checked."),
    class("ssl.engine.factory.class")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The class that makes engines of TLS."),
    password("ssl.key.password").scope(Scope::PerBroker).only_default(NO_TLS).doc("The password of the key."),
    text("ssl.keymanager.algorithm")
        .default("SunX509")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The algorithm of the key manager."),
    password("ssl.keystore.certificate.chain")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The certificates, in PEM."),
    password("ssl.keystore.key").scope(Scope::PerBroker).only_default(NO_TLS).doc("The key, in PEM."),
    text("ssl.keystore.location").scope(Scope::PerBroker).only_default(NO_TLS).doc("The file of the key."),
    password("ssl.keystore.password")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The password of the file of the key."),
    text("ssl.keystore.type")
        .default("JKS")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The format of the file of the key."),
    text("ssl.principal.mapping.rules")
        .default("DEFAULT")
        .only_default(NO_TLS)
        .doc("How names of certificates become short."),
    text("ssl.protocol").default("TLSv1.3").scope(Scope::PerBroker).only_default(NO_TLS).doc("The version of TLS."),
    text("ssl.provider").scope(Scope::PerBroker).only_default(NO_TLS).doc("The class of cryptography."),
    text("ssl.secure.random.implementation")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("Where chance comes from."),
    text("ssl.trustmanager.algorithm")
        .default("PKIX")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The algorithm of the trust manager."),
    password("ssl.truststore.certificates")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The certificates that are trusted, in PEM."),
    text("ssl.truststore.location")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The file of the certificates that are trusted."),
    password("ssl.truststore.password").scope(Scope::PerBroker).only_default(NO_TLS).doc("The password of that file."),
    text("ssl.truststore.type")
        .default("JKS")
        .scope(Scope::PerBroker)
        .only_default(NO_TLS)
        .doc("The format of that file."),
];
