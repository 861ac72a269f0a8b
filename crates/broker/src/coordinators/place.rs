//! One partition that coordinates: its log, and what that adds up to.
//!
//! The state is ahead of the log only while a step is under way, under the lock. When its records cannot be appended, the
//! state is thrown away, whoever waits is told to look for the coordinator again, and the log is replayed.

use std::collections::HashMap;
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

/// A shard that could not be loaded is tried again after so long, and one that fails again and again is loaded no more often.
const LOAD_AGAIN: Duration = Duration::from_secs(1);

/// What all places have in common.
pub struct Surroundings {
    /// The metadata: a step looks at it as it is when the step begins.
    pub published: Arc<ArcSwap<View>>,
    /// The time.
    pub clock: Clock,
    /// Logs are replayed on it.
    pub pool: Arc<Pool>,
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
    next_ticket: u64,
    /// When the alarm rings.
    rings_at: Option<Duration>,
    /// Topics that went while there was no shard to be told.
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
    /// COORDINATOR_NOT_AVAILABLE: the disk is full, or too few replicas are in sync.
    pub fn check_writable(&self) -> Result<(), ErrorCode> {
        let is_full = self.partition.dir().is_full();
        let in_sync = self.partition.check_in_sync();
        if is_full {
            Err(ErrorCode::COORDINATOR_NOT_AVAILABLE)
        } else {
            in_sync.map_err(|_| ErrorCode::COORDINATOR_NOT_AVAILABLE)
        }
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
            match inner.load == load {
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

    /// What is due is done. Called by the alarm.
    pub fn ring(self: &Arc<Self>) {
        let mut inner = self.lock();
        inner.rings_at = None;
        match inner.state {
            State::Active(_) => {
                // What it could not write it does again when it is loaded.
                let _ = self.run_locked(&mut inner, Uuid::ZERO, |shard, step| shard.tick(step));
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
        inner.state = State::Loading;
        inner.load += 1;
        inner.load_again = self.around.clock.monotonic() + LOAD_AGAIN;
        let unfinished = Unfinished { place: Arc::clone(self), load: inner.load };
        drop(inner);
        // A log that was just made is read in no time: whoever had it made need not come again.
        let is_empty = self.partition.log_start_offset() >= self.partition.reader().end().offset;
        match is_empty {
            true => unfinished.run(),
            false => self.around.pool.run(Box::new(move || unfinished.run())),
        }
    }

    /// The log as it adds up.
    fn replayed(&self) -> Result<Shard, LoadError> {
        let mut shard = Shard::new(self.around.settings.load_full());
        let mut passed_over = 0_u64;
        loading::read_all(&self.partition, |key, record| match Record::decode(key, record.value) {
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
                inner.state = State::Failed;
                return self.set_alarm(&mut inner);
            }
        };
        shard.configure(self.around.settings.load_full());
        inner.state = State::Active(Box::new(Active { shard, waiting: HashMap::new(), until: Offset(i64::MIN) }));
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
        inner.throw_away(State::Failed, ErrorCode::NOT_COORDINATOR);
        self.set_alarm(inner);
        error.code()
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
        let Some(wanted) = wanted else { return };
        if inner.rings_at.is_none_or(|at| wanted < at) {
            inner.rings_at = Some(wanted);
            self.around.alarm.set(self.id, wanted);
        }
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
                inner.throw_away(State::Failed, ErrorCode::NOT_COORDINATOR);
                self.set_alarm(&mut inner);
            }
            inner
        })
    }
}

impl Inner {
    fn note_appended(&mut self, until: Offset) {
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
        let shard = self.place.replayed();
        self.place.loaded(self.load, shard);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut inner = self.place.lock();
        if inner.load == self.load && matches!(inner.state, State::Loading) {
            tracing::error!(partition = self.place.partition.index().0, "the loading of groups panicked");
            inner.state = State::Failed;
            self.place.set_alarm(&mut inner);
        }
    }
}
