//! One item for each configuration key: what Kafka says of it, what Ottla does with it, and a sentence for people.

use super::support::{Rejection, Support};
use super::valid::{Kind, Valid};

/// What is known of a key, whatever it is a key of.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Kafka's name.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// Kafka's default; `None` where it has none.
    pub default: Option<&'static str>,
    /// The default here, where it is not Kafka's.
    pub here: Option<fn() -> String>,
    /// Which values of the type are valid.
    pub valid: Valid,
    /// When and for whom it can be changed.
    pub scope: Scope,
    /// The broker's key that gives the default of a topic's or a group's; empty where there is none.
    pub synonym: &'static str,
    /// Kafka does not tell it unless it is set.
    pub internal: bool,
    /// What it does, in a sentence.
    pub doc: &'static str,
}

/// When a key can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// At the start only.
    ReadOnly,
    /// At run time, for one broker.
    PerBroker,
    /// At run time, for one broker or all.
    ClusterWide,
    /// At run time, never at the start.
    RunTime,
}

/// A key of settings `C`.
pub struct Key<C: 'static> {
    /// What is known of it.
    pub facts: Facts,
    /// What Ottla does with it.
    pub support: Support<C>,
}

impl<C> Clone for Key<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Key<C> {}

const fn key<C>(name: &'static str, kind: Kind) -> Key<C> {
    let facts = Facts {
        name,
        kind,
        default: None,
        here: None,
        valid: Valid::Any,
        scope: Scope::ReadOnly,
        synonym: "",
        internal: false,
        doc: "",
    };
    Key { facts, support: Support::NoEffect("") }
}

macro_rules! constructors {
    ($($name:ident $kind:ident $doc:literal)*) => {$(
        #[doc = $doc]
        pub const fn $name<C>(name: &'static str) -> Key<C> {
            key(name, Kind::$kind)
        }
    )*};
}

constructors! {
    flag Boolean "A key of true or false."
    text String "A key of any text."
    int Int "A key of whole numbers of 32 bits."
    short Short "A key of whole numbers of 16 bits."
    long Long "A key of whole numbers of 64 bits."
    double Double "A key of numbers."
    list List "A key of texts with commas between them."
    class Class "A key of names of Java classes."
    password Password "A key of secrets."
}

impl<C> Key<C> {
    /// With Kafka's default.
    pub const fn default(mut self, value: &'static str) -> Self {
        self.facts.default = Some(value);
        self
    }

    /// With a default that is not Kafka's.
    pub const fn here(mut self, value: fn() -> String) -> Self {
        self.facts.here = Some(value);
        self
    }

    /// A number of at least this.
    pub const fn at_least(self, least: i64) -> Self {
        self.valid(Valid::AtLeast(least))
    }

    /// A number within these bounds, both included.
    pub const fn between(self, least: i64, most: i64) -> Self {
        self.valid(Valid::Between(least, most))
    }

    /// One, or several in a list, of these words.
    pub const fn one_of(self, words: &'static [&'static str]) -> Self {
        self.valid(Valid::OneOf(words))
    }

    /// What is valid beside the type.
    pub const fn valid(mut self, valid: Valid) -> Self {
        self.facts.valid = valid;
        self
    }

    /// When it can be changed.
    pub const fn scope(mut self, scope: Scope) -> Self {
        self.facts.scope = scope;
        self
    }

    /// The broker's key that gives the default.
    pub const fn synonym(mut self, name: &'static str) -> Self {
        self.facts.synonym = name;
        self
    }

    /// Kafka does not tell it unless it is set.
    pub const fn internal(mut self) -> Self {
        self.facts.internal = true;
        self
    }

    /// Taken into the settings.
    pub const fn obeyed(mut self, set: fn(&mut C, &str) -> Result<(), String>) -> Self {
        self.support = Support::Obeyed(set);
        self
    }

    /// Only Kafka's default is served so far, and why. Comes after the default.
    pub const fn only_default(mut self, why: &'static str) -> Self {
        let accepted = match self.facts.default {
            Some(default) => default,
            None => "",
        };
        self.support = Support::Only(accepted, why);
        self
    }

    /// There is nothing that it could change, and why.
    pub const fn no_effect(mut self, why: &'static str) -> Self {
        self.support = Support::NoEffect(why);
        self
    }

    /// What it does.
    pub const fn doc(mut self, sentence: &'static str) -> Self {
        self.facts.doc = sentence;
        self
    }

    /// Takes a value into `settings`. `Ok(Some(why))` when it has no effect.
    pub fn apply(&self, settings: &mut C, value: &str) -> Result<Option<&'static str>, Rejection> {
        self.facts.check(value)?;
        self.support.apply(settings, &self.facts.kind.told(value))
    }
}

impl Facts {
    /// Whether a value has the type and lies within the bounds.
    pub fn check(&self, value: &str) -> Result<(), Rejection> {
        self.kind.check(value)?;
        self.valid.check(self.name, self.kind, value)
    }

    /// The value that holds when nobody says anything.
    pub fn default_in_force(&self) -> Option<std::borrow::Cow<'static, str>> {
        match self.here {
            Some(here) => Some(here().into()),
            None => self.default.map(Into::into),
        }
    }

    /// It can be changed at run time.
    pub fn is_dynamic(&self) -> bool {
        self.scope != Scope::ReadOnly
    }
}
