//! The control thread: the only one that changes metadata, and opens, closes and deletes logs.
//!
//! It takes one order at a time: decide upon the image, commit through the quorum, open what is new, publish the view,
//! reply. A client that has its reply finds the topic open.

mod hosting;
mod moving;
mod opening;
mod trash;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwap;
use host::Clock;
use metadata::decide::{
    AllocateProducerIds, AlterConfigs, CreatePartitions, CreateTopics, DeleteTopics, ElectLeaders, RegisterBroker,
    UnfenceBroker, UpdateFeatures,
};
use metadata::{Intent, Record, Refusal, Reply};
use quorum::{ProposeError, Quorum};
use record::BrokerId;
use tokio::sync::oneshot;
use wire::ErrorCode;

use crate::coordinators::Coordinators;
use crate::errors::{DISK_FULL, refusal_code};
use crate::log_dirs::TwiceError;
use crate::metrics::{EndMark, Metrics};
use crate::tasks::Nudge;
use crate::view::{HostedTopic, View};
pub use hosting::Hosting;
use moving::Moving;
pub use moving::{Move, Moves};
pub use opening::Opening;
pub use trash::Trash;

/// Orders that may wait. A loop never waits for room: it tells the client to try again.
const QUEUED_MAX: usize = 1024;

/// How handlers reach the control thread.
#[derive(Clone)]
pub struct Control(SyncSender<Order>);

enum Order {
    Intent {
        intent: Intent,
        reply: oneshot::Sender<Result<Reply, ControlError>>,
    },
    AllocateProducerIds {
        reply: oneshot::Sender<Result<Reply, ControlError>>,
    },
    OpenOffline,
    /// Put a copy in the place of a log, and say when it is done.
    Switch {
        moving: Box<Moving>,
        done: SyncSender<()>,
    },
    Stop,
}

/// Why an order came to nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ControlError {
    /// The controller says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The metadata log could not take the decision.
    #[error("the metadata log failed: {0}")]
    Failed(String),
    /// There is no room on the disk for new partitions; clients try again.
    #[error("{DISK_FULL}")]
    DiskFull,
    /// Every log directory is cordoned, so that new partitions have no place.
    #[error("all log directories are cordoned: new partitions have no place")]
    Cordoned,
    /// Too many orders wait already; clients try again.
    #[error("too many changes of the metadata are waiting")]
    Busy,
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

/// The thread, to be ended.
pub struct ControlThread {
    orders: SyncSender<Order>,
    thread: JoinHandle<()>,
}

/// What the thread owns.
pub struct Controller {
    /// The metadata log.
    pub quorum: Quorum,
    /// The logs of this node.
    pub hosting: Hosting,
    /// What handlers see.
    pub published: Arc<ArcSwap<View>>,
    /// This node.
    pub broker: BrokerId,
    /// When logs of deleted topics are due.
    pub clock: Clock,
    /// Whom to tell that settings have changed.
    pub nudges: Vec<SyncSender<Nudge>>,
    /// Told when the metadata log fails.
    pub metrics: Arc<Metrics>,
    /// Told of each view.
    pub coordinators: Arc<Coordinators>,
}

impl Control {
    /// Creates topics; each has its own result.
    pub async fn create_topics(
        &self,
        wanted: CreateTopics,
    ) -> Result<Vec<metadata::decide::TopicCreation>, ControlError> {
        match self.ask(Intent::CreateTopics(wanted)).await? {
            Reply::CreateTopics(results) => Ok(results),
            other => unreachable!("a reply of another kind: {other:?}"),
        }
    }

    /// Enlarges topics; each has its own result.
    pub async fn create_partitions(
        &self,
        wanted: CreatePartitions,
    ) -> Result<Vec<metadata::decide::PartitionCreation>, ControlError> {
        match self.ask(Intent::CreatePartitions(wanted)).await? {
            Reply::CreatePartitions(results) => Ok(results),
            other => unreachable!("a reply of another kind: {other:?}"),
        }
    }

    /// Deletes topics; each has its own result.
    pub async fn delete_topics(
        &self,
        topics: DeleteTopics,
    ) -> Result<Vec<metadata::decide::TopicDeletion>, ControlError> {
        match self.ask(Intent::DeleteTopics(topics)).await? {
            Reply::DeleteTopics(results) => Ok(results),
            other => unreachable!("a reply of another kind: {other:?}"),
        }
    }

    /// Changes configs; each resource has its own result.
    pub async fn alter_configs(
        &self,
        wanted: AlterConfigs,
    ) -> Result<Vec<metadata::decide::ConfigAlteration>, ControlError> {
        match self.ask(Intent::AlterConfigs(wanted)).await? {
            Reply::AlterConfigs(results) => Ok(results),
            other => unreachable!("a reply of another kind: {other:?}"),
        }
    }

    /// Holds elections; each has its own result.
    pub async fn elect_leaders(
        &self,
        wanted: ElectLeaders,
    ) -> Result<Vec<metadata::decide::ElectionOutcome>, ControlError> {
        match self.ask(Intent::ElectLeaders(wanted)).await? {
            Reply::ElectLeaders(results) => Ok(results),
            other => unreachable!("a reply of another kind: {other:?}"),
        }
    }

    /// Changes levels of features, all or none.
    pub async fn update_features(&self, wanted: UpdateFeatures) -> Result<(), ControlError> {
        match self.ask(Intent::UpdateFeatures(wanted)).await? {
            Reply::UpdateFeatures => Ok(()),
            other => unreachable!("a reply of another kind: {other:?}"),
        }
    }

    /// A block of producer ids that nobody else has.
    pub async fn allocate_producer_ids(&self) -> Result<Range<i64>, ErrorCode> {
        let allocated = self.send(|reply| Order::AllocateProducerIds { reply }).await;
        match allocated.map_err(|error| error.code())? {
            Reply::AllocateProducerIds(block) => Ok(block.first.0..block.first.0 + i64::from(block.len)),
            other => unreachable!("a reply of another kind: {other:?}"),
        }
    }

    /// Has partitions that are offline tried again.
    pub fn open_offline(&self) {
        // When too much waits already, a later look finds them again.
        let _ = self.0.try_send(Order::OpenOffline);
    }

    /// Puts the copy of a partition's log in the place of the log; waits for it. When the node stops meanwhile, the copy is
    /// left for the next start to remove.
    fn switch(&self, moving: Moving) {
        let (done, is_done) = mpsc::sync_channel(1);
        if self.0.send(Order::Switch { moving: Box::new(moving), done }).is_ok() {
            let _ = is_done.recv();
        }
    }

    async fn ask(&self, intent: Intent) -> Result<Reply, ControlError> {
        self.send(|reply| Order::Intent { intent, reply }).await
    }

    async fn send(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<Reply, ControlError>>) -> Order,
    ) -> Result<Reply, ControlError> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(order(reply)).map_err(|error| match error {
            TrySendError::Full(_) => ControlError::Busy,
            TrySendError::Disconnected(_) => ControlError::Stopping,
        })?;
        answer.await.map_err(|_| ControlError::Stopping)?
    }
}

impl ControlError {
    /// What a client is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            ControlError::Refused(refusal) => refusal_code(refusal),
            ControlError::Failed(_) | ControlError::DiskFull => ErrorCode::KAFKA_STORAGE_ERROR,
            ControlError::Cordoned => ErrorCode::INVALID_REPLICATION_FACTOR,
            ControlError::Busy | ControlError::Stopping => ErrorCode::NOT_CONTROLLER,
        }
    }
}

impl ControlThread {
    /// Starts the thread on a controller that is ready.
    pub fn start(controller: Controller) -> std::io::Result<(Control, ControlThread)> {
        let (orders, received) = mpsc::sync_channel(QUEUED_MAX);
        let thread = thread::Builder::new().name("control".to_owned()).spawn(move || {
            let _mark = EndMark { metrics: Arc::clone(&controller.metrics), thread: |metrics| &metrics.control_ended };
            controller.run(&received);
        })?;
        Ok((Control(orders.clone()), ControlThread { orders, thread }))
    }

    /// Closes all logs and ends. Orders that were given before are carried out.
    pub fn stop(self) {
        // A thread that has ended already is joined all the same.
        let _ = self.orders.send(Order::Stop);
        if self.thread.join().is_err() {
            tracing::error!("the control thread panicked; the next start recovers the logs");
        }
    }
}

impl Controller {
    /// Makes the node known to the cluster.
    pub fn register(&mut self, registration: RegisterBroker) -> Result<(), ControlError> {
        let reply = self.commit(&Intent::RegisterBroker(registration))?;
        let Reply::RegisterBroker(epoch) = reply else { unreachable!("a reply of another kind: {reply:?}") };
        self.commit(&Intent::UnfenceBroker(UnfenceBroker { id: self.broker, epoch: epoch.0 }))?;
        Ok(())
    }

    /// Opens the partitions that the node has, which has to happen before the first client is let in.
    pub fn open(&mut self) -> Result<(), TwiceError> {
        let now = self.clock.monotonic();
        self.hosting.set_strays_aside(&self.quorum.image(), now);
        self.hosting.settle_twice(now)?;
        self.publish();
        self.hosting.flush_recovered(&self.published.load());
        host::give_back_unused();
        Ok(())
    }

    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            match orders.recv().unwrap_or(Order::Stop) {
                Order::Intent { intent, reply } => self.carry_out(&intent, reply),
                Order::AllocateProducerIds { reply } => self.carry_out(&self.producer_ids_intent(), reply),
                Order::OpenOffline => self.open_offline(),
                Order::Switch { moving, done } => {
                    self.switch(*moving);
                    let _ = done.send(());
                }
                Order::Stop => break,
            }
        }
        self.hosting.close(&self.published.load());
    }

    fn carry_out(&mut self, intent: &Intent, reply: oneshot::Sender<Result<Reply, ControlError>>) {
        let result = self.commit(intent);
        if let Err(ControlError::Failed(reason)) = &result {
            self.metrics.metadata_failed.store(true, Ordering::Relaxed);
            tracing::error!(reason, "the metadata log failed; topics cannot be changed until the node is restarted");
        }
        self.publish();
        // The connection that asked may be gone.
        let _ = reply.send(result);
    }

    /// Decides, and has the outcome committed.
    fn commit(&mut self, intent: &Intent) -> Result<Reply, ControlError> {
        // What makes room, or changes settings so that room comes, goes on; it takes next to nothing.
        if matches!(intent, Intent::CreateTopics(_) | Intent::CreatePartitions(_)) {
            self.hosting.check_place()?;
        }
        let decision = metadata::decide(&self.quorum.image(), intent)?;
        if !decision.records.is_empty() {
            self.append(decision.records)?;
        }
        Ok(decision.reply)
    }

    /// Has the quorum take the records. A sole voter commits them before `ready` returns.
    fn append(&mut self, records: Vec<Record>) -> Result<(), ControlError> {
        let proposed = self.quorum.propose(records).map_err(|error| match error {
            ProposeError::StorageFull => ControlError::DiskFull,
            error => failed(error),
        })?;
        let progress = self.quorum.ready().map_err(failed)?;
        let counts = progress.committed.iter().any(|committed| committed.at == proposed && committed.applied);
        counts.then_some(()).ok_or_else(|| ControlError::Failed("the decision was not committed".to_owned()))
    }

    fn producer_ids_intent(&self) -> Intent {
        let broker_epoch = self.quorum.image().broker(self.broker).map_or(0, |broker| broker.epoch);
        Intent::AllocateProducerIds(AllocateProducerIds { broker: self.broker, broker_epoch })
    }

    /// Opens and retires logs until they are those of the quorum's image, and lets handlers see it.
    fn publish(&mut self) {
        let image = self.quorum.image();
        let view = self.published.load_full();
        if view.image().applied() == image.applied() {
            return;
        }
        if self.hosting.configure(&view, &image) {
            // A nudge that waits already serves as well.
            for nudges in &self.nudges {
                let _ = nudges.try_send(Nudge::SettingsChanged);
            }
        }
        self.hosting.retire(&view, &image, self.clock.monotonic());
        let opened = self.hosting.open(&view, &image);
        let next = Arc::new(view.next(image, opened).with_quorum(self.quorum.status()));
        self.published.store(Arc::clone(&next));
        self.coordinators.published(&view, &next);
    }

    fn open_offline(&mut self) {
        let view = self.published.load_full();
        let opened = self.hosting.open_offline(&view);
        self.publish_opened(&view, opened);
    }

    fn switch(&mut self, moving: Moving) {
        let view = self.published.load_full();
        if let Some(topic) = self.hosting.switch(&view, moving, self.clock.monotonic()) {
            self.publish_opened(&view, vec![topic]);
        }
    }

    fn publish_opened(&self, view: &View, opened: Vec<HostedTopic>) {
        let next = Arc::new(view.next(Arc::clone(view.image()), opened));
        self.published.store(Arc::clone(&next));
        self.coordinators.published(view, &next);
    }
}

fn failed(error: impl std::error::Error) -> ControlError {
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    ControlError::Failed(format!("{error}{source}"))
}
