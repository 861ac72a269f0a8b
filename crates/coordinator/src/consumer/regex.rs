//! Subscriptions by regular expression (KIP-848).
//!
//! Expressions are RE2's: they take linear time whatever they are and whatever they are held against. An expression matches
//! a topic when it matches the whole name. What it matches is a record, looked up again when topics have come or gone, at
//! most every [`REFRESH_MIN`], and from time to time.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ::regex::{Regex, RegexBuilder};

use super::error::ConsumerGroupError;
use super::{ConsumerGroup, Work};
use crate::Record;
use crate::records::ResolvedRegularExpression;
use crate::timers::Timer;

/// Topics that come and go have the expressions looked up no more often.
const REFRESH_MIN: Duration = Duration::from_secs(10);
/// What one expression may become in memory, in bytes.
const COMPILED_BYTES_MAX: usize = 128 << 10;
/// How many compiled expressions a group keeps.
const COMPILED_KEPT: usize = 16;
/// How many expressions are looked up in a step; a step of a shard holds up all its groups.
const RESOLVED_PER_STEP: usize = 16;
/// When the next ones are looked up, so that others come between.
const NEXT_RESOLVED_AFTER: Duration = Duration::from_millis(1);

/// The expression, to be held against whole names.
///
/// # Errors
/// It is none.
pub(super) fn compile(expression: &str) -> Result<Regex, ConsumerGroupError> {
    let quoted = unquote(expression);
    let build = |pattern: &str| {
        RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX).build()
    };
    // By itself first: what is not closed, or closed too often, must not be mended by what is put around it.
    let whole = build(&quoted).and_then(|_| build(&format!(r"\A(?:{quoted})\z")));
    whole.map_err(|error| ConsumerGroupError::InvalidRegex { regex: expression.into(), reason: reason(&error) })
}

/// The last line of the parser's account says what is wrong.
fn reason(error: &::regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_owned()
}

/// RE2 takes what stands between `\Q` and `\E` literally, which our parser does not know.
fn unquote(expression: &str) -> Cow<'_, str> {
    if !expression.contains(r"\Q") {
        return Cow::Borrowed(expression);
    }
    let (mut out, mut rest) = (String::new(), expression);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        rest = match escape.strip_prefix(r"\Q") {
            Some(literal) => {
                let (literal, after) = literal.split_once(r"\E").unwrap_or((literal, ""));
                out.push_str(&::regex::escape(literal));
                after
            }
            None => {
                let len = escape.chars().take(2).map(char::len_utf8).sum();
                out.push_str(&escape[..len]);
                &escape[len..]
            }
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

impl ConsumerGroup {
    /// Keeps what an expression was compiled to. It is soon asked for again.
    pub(super) fn keep_compiled(&mut self, expression: Arc<str>, compiled: Regex) {
        let kept = &mut self.soft.compiled;
        if kept.len() >= COMPILED_KEPT {
            kept.clear();
        }
        kept.insert(expression, compiled);
    }

    /// Whether this is an expression; what it is compiled to is kept.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check_regex(&mut self, expression: &Arc<str>) -> Result<(), ConsumerGroupError> {
        if !self.soft.compiled.contains_key(expression) && !self.regexes.contains_key(expression) {
            let compiled = compile(expression)?;
            self.keep_compiled(Arc::clone(expression), compiled);
        }
        Ok(())
    }
}

impl Work<'_, '_> {
    /// A member has another expression now: forgets the old one if it was the last, looks the new one up if it is the first.
    pub(super) fn regex_changed(&mut self, before: Option<&Arc<str>>, after: Option<&Arc<str>>) {
        if let Some(before) = before {
            self.forget_unused(before);
        }
        if let Some(after) = after
            && !self.group.resolved.contains_key(after)
        {
            self.resolve(after);
        }
        if self.group.soft.regexes_refreshed.is_none() && self.group.regexes.len() == 1 {
            self.refreshed();
        }
        // It is not set again when it comes up and there are no expressions.
        let timer = Timer::RegexRefresh(Arc::clone(&self.group.id));
        if !self.group.regexes.is_empty() && self.timers.due(&timer).is_none() {
            self.set_refresh_timer();
        }
    }

    pub(super) fn forget_unused(&mut self, regex: &Arc<str>) {
        if self.group.regexes.contains_key(regex) {
            return;
        }
        self.group.soft.compiled.remove(regex);
        if self.group.resolved.contains_key(regex) {
            let (group, regex) = (Arc::clone(&self.group.id), Arc::clone(regex));
            self.apply(Record::ConsumerGroupRegularExpression { group, regex, value: None });
        }
    }

    /// Begins to look all expressions up again if it is time; whether any matches other topics.
    pub(super) fn refresh_regexes(&mut self) -> bool {
        let soft = &self.group.soft;
        if self.group.regexes.is_empty() || !soft.regexes_stale {
            return false;
        }
        let now = self.step.now.monotonic;
        if soft.regexes_refreshed.is_some_and(|last| now < last + REFRESH_MIN) {
            return false;
        }
        self.group.soft.to_resolve.clear();
        self.resolve_next()
    }

    /// Looks expressions up again, the next few of those that are left, or the first of all; whether any matches other topics.
    /// A timer has the rest looked up.
    pub(super) fn resolve_next(&mut self) -> bool {
        if self.group.soft.to_resolve.is_empty() {
            self.group.soft.to_resolve = self.group.regexes.keys().map(Arc::clone).collect();
            self.refreshed();
        }
        let left = &mut self.group.soft.to_resolve;
        let now: Vec<Arc<str>> = left.split_off(left.len().saturating_sub(RESOLVED_PER_STEP));
        if !left.is_empty() {
            let timer = Timer::RegexRefresh(Arc::clone(&self.group.id));
            self.timers.set(timer, self.step.now.monotonic + NEXT_RESOLVED_AFTER);
        } else {
            self.set_refresh_timer();
        }
        now.iter().fold(false, |moved, regex| (self.group.regexes.contains_key(regex) && self.resolve(regex)) | moved)
    }

    fn refreshed(&mut self) {
        self.group.soft.regexes_refreshed = Some(self.step.now.monotonic);
        self.group.soft.regexes_stale = false;
        self.set_refresh_timer();
    }

    pub(super) fn set_refresh_timer(&mut self) {
        let at = self.step.now.monotonic + self.settings.consumer.regex_refresh;
        self.timers.set(Timer::RegexRefresh(Arc::clone(&self.group.id)), at);
    }

    /// Looks one expression up; whether it matches other topics than before.
    fn resolve(&mut self, regex: &Arc<str>) -> bool {
        let topics = self.matches(regex);
        if self.group.resolved.get(regex).is_some_and(|known| known.topics == topics) {
            return false;
        }
        let value = ResolvedRegularExpression {
            topics,
            version: i64::try_from(self.step.image.applied().0).unwrap_or(i64::MAX),
            timestamp: self.step.now.wall.0,
        };
        let (group, regex) = (Arc::clone(&self.group.id), Arc::clone(regex));
        self.apply(Record::ConsumerGroupRegularExpression { group, regex, value: Some(value) });
        true
    }

    fn matches(&mut self, expression: &Arc<str>) -> BTreeSet<Arc<str>> {
        if !self.group.soft.compiled.contains_key(expression) {
            // It was checked when it came. A record of another version may hold one that this version does not take.
            let Ok(compiled) = compile(expression) else { return BTreeSet::new() };
            self.group.keep_compiled(Arc::clone(expression), compiled);
        }
        let regex = &self.group.soft.compiled[expression];
        let topics = self.step.image.topics().iter().filter(|topic| regex.is_match(&topic.name));
        topics.map(|topic| Arc::clone(&topic.name)).collect()
    }
}
