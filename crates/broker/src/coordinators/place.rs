//! One partition that coordinates: its log, and what that adds up to.
//!
//! The state is ahead of the log only while a step is under way, under the lock. When its records cannot be appended, the
//! state is thrown away, whoever waits is told to look for the coordinator again, and the log is replayed.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use coordinator::{Now, Record, Settings, Shard, Step, Ticket};
use host::{Clock, Pool};
use record::{Compression, Offset, Timestamp, TopicId, Uuid};
use wire::ErrorCode;

use super::alarm::Alarm;
use super::append::{self, StepAppendError};
use super::counts::Counts;
use super::loading::{self, LoadError};
use super::waiting::{Commit, Ran, Slot, Waiting};
use crate::partition::Partition;
use crate::view::View;

/// A shard that failed is loaded again after so long; after twice as long each time that it fails before it has written.
const LOAD_AGAIN: Duration = Duration::from_secs(1);
/// The longest that a shard stays failed before it is loaded again.
const LOAD_AGAIN_MAX: Duration = Duration::from_secs(60);
/// While nothing can be written, a shard looks so often whether that has changed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What all places have in common.
pub struct Surroundings {
    /// The metadata: a step looks at it as it is when the step begins.
    pub published: Arc<ArcSwap<View>>,
    /// The time.
    pub clock: Clock,
    /// Logs are replayed on it. Not owned: the last place may be dropped on one of its threads, which cannot wait for itself.
    pub pool: Weak<Pool>,
    /// Rings places.
    pub alarm: Arc<Alarm>,
    /// What is counted.
    pub counts: Arc<Counts>,
    /// What the operator set.
    pub settings: ArcSwap<Settings>,
    /// `offsets.topic.compression.codec`.
    pub codec: Compression,
    /// `offsets.commit.timeout.ms`.
    pub commit_timeout: Duration,
}

/// A topic that is gone.
pub type DeletedTopic = (Arc<str>, TopicId);

/// A partition of `__consumer_offsets` with its shard.
pub struct Place {
    partition: Arc<Partition>,
    around: Arc<Surroundings>,
    /// Names it to the alarm.
    id: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    /// How often it was loaded; what belongs to an earlier load counts for nothing.
    load: u64,
    /// Not to be loaded again before.
    load_again: Duration,
    /// How long the next failure keeps it from being loaded.
    load_wait: Duration,
    next_ticket: u64,
    /// When the alarm rings.
    rings_at: Option<Duration>,
    /// Topics that went while there was no shard to be told, or nothing could be written.
    deleted: Vec<DeletedTopic>,
}

enum State {
    /// The log is being replayed.
    Loading,
    /// In service.
    Active(Box<Active>),
    /// Thrown away, to be loaded when the alarm rings.
    Failed,
    /// Not here any more.
    Unloaded,
}

struct Active {
    shard: Shard,
    /// The requests that wait.
    waiting: HashMap<Ticket, Arc<Slot>>,
    /// What has to be durable of all that was appended.
    until: Offset,
}

impl Place {
    /// The place of `partition`; its log is being replayed.
    pub fn open(partition: Arc<Partition>, around: Arc<Surroundings>) -> Arc<Place> {
        let place = Arc::new_cyclic(|this: &Weak<Place>| {
            let inner = Inner {
                state: State::Failed,
                load: 0,
                load_again: Duration::ZERO,
                load_wait: LOAD_AGAIN,
                next_ticket: 0,
                rings_at: None,
                deleted: Vec::new(),
            };
            Place { id: around.alarm.register(this), partition, around, inner: Mutex::new(inner) }
        });
        place.begin_load();
        place
    }

    /// Its log.
    pub fn partition(&self) -> &Arc<Partition> {
        &self.partition
    }

    /// `offsets.commit.timeout.ms`.
    pub fn commit_timeout(&self) -> Duration {
        self.around.commit_timeout
    }

    /// Whether what is written now would find its way into the log.
    ///
    /// # Errors
    /// NOT_COORDINATOR: the disk has failed. COORDINATOR_NOT_AVAILABLE: it is full, or too few replicas are in sync.
    pub fn check_writable(&self) -> Result<(), ErrorCode> {
        let dir = self.partition.dir();
        if dir.failed() {
            return Err(ErrorCode::NOT_COORDINATOR);
        }
        let in_sync = self.partition.check_in_sync();
        let is_writable = !dir.is_full() && in_sync.is_ok();
        is_writable.then_some(()).ok_or(ErrorCode::COORDINATOR_NOT_AVAILABLE)
    }

    /// Does one step. What is returned may be told when the commit in it is done.
    ///
    /// # Errors
    /// The shard is not there, or what the step wrote is not in the log: what the client is told.
    pub fn run<T>(
        self: &Arc<Self>,
        fresh_id: Uuid,
        work: impl FnOnce(&mut Shard, &mut Step<'_>) -> T,
    ) -> Result<Ran<T>, ErrorCode> {
        let mut inner = self.lock();
        self.run_locked(&mut inner, fresh_id, work)
    }

    /// As [`Place::run`], of a request that this step or a later one answers.
    ///
    /// # Errors
    /// As [`Place::run`].
    pub fn run_waiting(
        self: &Arc<Self>,
        fresh_id: Uuid,
        work: impl FnOnce(&mut Shard, &mut Step<'_>, Ticket),
    ) -> Result<Waiting, ErrorCode> {
        let mut inner = self.lock();
        let ticket = Ticket(inner.next_ticket);
        inner.next_ticket += 1;
        let slot = Arc::<Slot>::default();
        self.active(&mut inner)?.waiting.insert(ticket, Arc::clone(&slot));
        let ran = self.run_locked(&mut inner, fresh_id, |shard, step| work(shard, step, ticket));
        drop(inner);
        ran.map(|_| Waiting::new(Arc::clone(self), ticket, slot))
    }

    /// Looks at the shard. What it says may not be committed yet.
    ///
    /// # Errors
    /// The shard is not there.
    pub fn look<T>(self: &Arc<Self>, look: impl FnOnce(&Shard) -> T) -> Result<Ran<T>, ErrorCode> {
        let mut inner = self.lock();
        let value = look(&self.active(&mut inner)?.shard);
        let commit = self.uncommitted(&mut inner)?;
        Ok(Ran { value, commit })
    }

    fn run_locked<T>(
        self: &Arc<Self>,
        inner: &mut Inner,
        fresh_id: Uuid,
        work: impl FnOnce(&mut Shard, &mut Step<'_>) -> T,
    ) -> Result<Ran<T>, ErrorCode> {
        let active = self.active(inner)?;
        // Looked at under the lock: a shard that was told of a change sees it from then on.
        let view = self.around.published.load();
        let mut step = Step::new(self.now(), view.image(), fresh_id);
        let value = work(&mut active.shard, &mut step);
        let commit = self.take_effects(inner, step)?;
        Ok(Ran { value, commit })
    }

    /// Appends what a step wrote, and lays its answers down.
    fn take_effects(self: &Arc<Self>, inner: &mut Inner, step: Step<'_>) -> Result<Option<Commit>, ErrorCode> {
        let now = step.now;
        let (records, answers) = step.into_effects();
        if !records.is_empty() {
            let appended = append::append(&self.partition, &records, self.around.codec, now.wall);
            if let Err(error) = appended.map(|until| inner.note_appended(until)) {
                return Err(self.give_up(inner, &error));
            }
            self.around.counts.note(&records);
        }
        let commit = self.uncommitted(inner)?;
        let load = inner.load;
        let State::Active(active) = &mut inner.state else { return Err(ErrorCode::NOT_COORDINATOR) };
        for (ticket, value) in answers {
            if let Some(slot) = active.waiting.remove(&ticket) {
                let commit = commit.as_ref().map(|_| Commit::new(Arc::clone(self), load, active.until));
                slot.fill(Ok(Ran { value, commit }));
            }
        }
        self.set_alarm(inner);
        Ok(commit)
    }

    /// What has to be waited for before anything may be told.
    fn uncommitted(self: &Arc<Self>, inner: &mut Inner) -> Result<Option<Commit>, ErrorCode> {
        let State::Active(active) = &inner.state else { return Err(ErrorCode::NOT_COORDINATOR) };
        let (load, until) = (inner.load, active.until);
        match self.partition.durability(until) {
            Some(Ok(())) => Ok(None),
            None => Ok(Some(Commit::new(Arc::clone(self), load, until))),
            Some(Err(error)) => Err(self.give_up(inner, &error.into())),
        }
    }

    /// Whether what a shard of this `load` appended is durable; `None` while that is not decided.
    pub fn durability(&self, load: u64, until: Offset) -> Option<Result<(), ErrorCode>> {
        let durable = self.partition.durability(until)?;
        Some(durable.map_err(|error| {
            let mut inner = self.lock();
            match inner.load == load && matches!(inner.state, State::Active(_)) {
                true => self.give_up(&mut inner, &error.into()),
                false => ErrorCode::NOT_COORDINATOR,
            }
        }))
    }

    /// Nobody waits for this answer any more.
    pub fn forget(&self, ticket: Ticket) {
        if let State::Active(active) = &mut self.lock().state {
            active.waiting.remove(&ticket);
        }
    }

    /// Puts changed settings in force.
    pub fn configure(&self) {
        if let State::Active(active) = &mut self.lock().state {
            active.shard.configure(self.around.settings.load_full());
        }
    }

    /// These topics are deleted. They are gone from the published view.
    pub fn topics_deleted(self: &Arc<Self>, topics: &[DeletedTopic]) {
        let mut inner = self.lock();
        match inner.state {
            State::Active(_) if self.check_writable().is_err() => {
                inner.deleted.extend_from_slice(topics);
                self.look_again(&mut inner);
            }
            State::Active(_) => {
                // When it cannot be written, the shard is loaded again, and told then.
                let told = self.run_locked(&mut inner, Uuid::ZERO, |shard, step| shard.topics_deleted(step, topics));
                if told.is_err() {
                    inner.deleted.extend_from_slice(topics);
                }
            }
            State::Loading | State::Failed => inner.deleted.extend_from_slice(topics),
            State::Unloaded => {}
        }
    }

    /// Tells the shard something that writes nothing, or asks it, if it is in service.
    pub fn tell(&self, tell: impl FnOnce(&mut Shard)) {
        if let State::Active(active) = &mut self.lock().state {
            tell(&mut active.shard);
        }
    }

    /// Does `work`. A panic in it costs the state of this place and nothing more: whoever waits here is told at once, and the
    /// thread goes on to others.
    pub fn guard(self: &Arc<Self>, work: impl FnOnce(&Arc<Place>)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            // Finds it poisoned.
            drop(self.lock());
        }
    }

    /// What is due is done. Called by the alarm.
    pub fn ring(self: &Arc<Self>) {
        let mut inner = self.lock();
        inner.rings_at = None;
        match inner.state {
            State::Active(_) if self.check_writable().is_err() => {
                self.look_again(&mut inner);
            }
            State::Active(_) => {
                let deleted = std::mem::take(&mut inner.deleted);
                let rung = self.run_locked(&mut inner, Uuid::ZERO, |shard, step| {
                    if !deleted.is_empty() {
                        shard.topics_deleted(step, &deleted);
                    }
                    shard.tick(step);
                });
                // What it could not write it does again when it is loaded.
                if rung.is_err() {
                    inner.deleted = deleted;
                }
            }
            State::Failed => {
                drop(inner);
                self.begin_load();
            }
            State::Loading | State::Unloaded => {}
        }
    }

    /// Takes it out of service: the topic is deleted, or the node stops. Whoever waits is told.
    pub fn unload(&self) {
        let mut inner = self.lock();
        inner.throw_away(State::Unloaded, ErrorCode::NOT_COORDINATOR);
        self.around.alarm.forget(self.id);
    }

    fn begin_load(self: &Arc<Self>) {
        let mut inner = self.lock();
        let State::Failed = inner.state else { return };
        inner.state = State::Loading;
        inner.load += 1;
        let unfinished = Unfinished { place: Arc::clone(self), load: inner.load };
        drop(inner);
        // A log that was just made is read in no time: whoever had it made need not come again.
        let is_empty = self.partition.log_start_offset() >= self.partition.reader().end().offset;
        match self.around.pool.upgrade().filter(|_| !is_empty) {
            Some(pool) => pool.run(Box::new(move || unfinished.run())),
            None => unfinished.run(),
        }
    }

    /// Whether this load is still wanted.
    fn is_loading(&self, load: u64) -> bool {
        let inner = self.lock();
        inner.load == load && matches!(inner.state, State::Loading)
    }

    /// The log as it adds up.
    fn replayed(&self, load: u64) -> Result<Shard, LoadError> {
        let mut shard = Shard::new(self.around.settings.load_full());
        let mut passed_over = 0_u64;
        let is_wanted = || self.is_loading(load);
        loading::read_all(&self.partition, is_wanted, |key, record| match Record::decode(key, record.value) {
            Ok(Some(record)) => shard.replay(&record),
            Ok(None) => {}
            Err(error) => {
                if passed_over == 0 {
                    tracing::warn!(partition = self.partition.index().0, offset = record.offset.0, %error, "a record of a group is not understood; it and others like it are passed over");
                }
                passed_over += 1;
            }
        })?;
        Ok(shard)
    }

    /// The shard goes into service.
    fn loaded(self: &Arc<Self>, load: u64, shard: Result<Shard, LoadError>) {
        let mut inner = self.lock();
        if inner.load != load || !matches!(inner.state, State::Loading) {
            return;
        }
        let mut shard = match shard {
            Ok(shard) => shard,
            Err(error) => {
                if !self.partition.is_retired() {
                    tracing::error!(partition = self.partition.index().0, %error, "the groups of a partition cannot be loaded");
                }
                return self.fail(&mut inner);
            }
        };
        shard.configure(self.around.settings.load_full());
        // What was replayed may not be durable yet.
        let until = self.partition.ask_for_end();
        inner.state = State::Active(Box::new(Active { shard, waiting: HashMap::new(), until }));
        let deleted = std::mem::take(&mut inner.deleted);
        let begun = self.run_locked(&mut inner, Uuid::ZERO, |shard, step| {
            shard.loaded(step);
            if !deleted.is_empty() {
                shard.topics_deleted(step, &deleted);
            }
        });
        match begun {
            Ok(_) => self.around.counts.note_load(),
            Err(_) => inner.deleted = deleted,
        }
    }

    /// Throws the state away, because it is ahead of the log. Returns what the client is told that noticed.
    fn give_up(&self, inner: &mut Inner, error: &StepAppendError) -> ErrorCode {
        if !self.partition.is_retired() {
            tracing::error!(partition = self.partition.index().0, %error, "groups are loaded again: what they wrote is not in the log");
        }
        self.fail(inner);
        error.code()
    }

    /// To be loaded again, after a while.
    fn fail(&self, inner: &mut Inner) {
        inner.load_again = self.around.clock.monotonic() + inner.load_wait;
        inner.load_wait = LOAD_AGAIN_MAX.min(inner.load_wait * 2);
        inner.throw_away(State::Failed, ErrorCode::NOT_COORDINATOR);
        self.set_alarm(inner);
    }

    /// The shard, if it is in service.
    fn active<'i>(&self, inner: &'i mut Inner) -> Result<&'i mut Active, ErrorCode> {
        match &mut inner.state {
            State::Active(active) => Ok(active),
            State::Loading | State::Failed => Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS),
            State::Unloaded => Err(ErrorCode::NOT_COORDINATOR),
        }
    }

    /// Tells the alarm, if it would ring too late.
    fn set_alarm(&self, inner: &mut Inner) {
        let wanted = match &inner.state {
            State::Active(active) => active.shard.next_due(),
            State::Failed => Some(inner.load_again),
            State::Loading | State::Unloaded => None,
        };
        wanted.into_iter().for_each(|wanted| self.ring_at(inner, wanted));
    }

    /// Has the alarm ring while nothing can be written.
    fn look_again(&self, inner: &mut Inner) {
        let at = self.around.clock.monotonic() + LOOK_AGAIN;
        self.ring_at(inner, at);
    }

    fn ring_at(&self, inner: &mut Inner, wanted: Duration) {
        if inner.rings_at.is_none_or(|at| wanted < at) {
            inner.rings_at = Some(wanted);
            self.around.alarm.set(self.id, wanted);
        }
    }

    /// How often it was loaded.
    #[cfg(test)]
    pub fn loads(&self) -> u64 {
        self.lock().load
    }

    /// When the alarm rings it, on the monotonic clock.
    #[cfg(test)]
    pub fn rings_at(&self) -> Option<Duration> {
        self.lock().rings_at
    }

    fn now(&self) -> Now {
        Now { wall: Timestamp(self.around.clock.now_ms()), monotonic: self.around.clock.monotonic() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| {
            // A panic in a step may have left the state half changed; the log is whole.
            self.inner.clear_poison();
            let mut inner = poisoned.into_inner();
            if let State::Active(_) = inner.state {
                tracing::error!(
                    partition = self.partition.index().0,
                    "a step of a group panicked; groups are loaded again"
                );
                self.fail(&mut inner);
            }
            inner
        })
    }
}

impl Inner {
    fn note_appended(&mut self, until: Offset) {
        self.load_wait = LOAD_AGAIN;
        if let State::Active(active) = &mut self.state {
            active.until = active.until.max(until);
        }
    }

    fn throw_away(&mut self, next: State, told: ErrorCode) {
        if let State::Active(active) = std::mem::replace(&mut self.state, next) {
            active.waiting.into_values().for_each(|slot| slot.fill(Err(told)));
        }
    }
}

/// A load that goes on. If it ends with a panic, the shard has failed.
struct Unfinished {
    place: Arc<Place>,
    load: u64,
}

impl Unfinished {
    fn run(self) {
        let shard = self.place.replayed(self.load);
        self.place.loaded(self.load, shard);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut inner = self.place.lock();
        if inner.load == self.load && matches!(inner.state, State::Loading) {
            tracing::error!(partition = self.place.partition.index().0, "the loading of groups panicked");
            self.place.fail(&mut inner);
        }
    }
}
