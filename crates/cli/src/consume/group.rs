//! `ottla consume --group`: as a member of a group, which commits what was printed.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use client::{
    Admin, Assignor, Client, ConsumerConfig, GroupConfig, GroupConsumer, GroupEvent, GroupProtocol, Isolation, Offset,
    OffsetSpec, Reset, Start, TopicPartition,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::format::Formatter;
use super::{Args, Protocol};
use crate::connect::Connect;
use crate::failure::Failure;
use crate::signals::Signals;

/// How often to commit while records come.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);
/// How many bytes to write at once.
const BUFFER: usize = 256 << 10;
/// How long to wait for the last words of the member.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Consumes to the end that the partitions had when they were assigned, to the maximum, or until Ctrl-C.
pub async fn run(args: &Args, name: &str, formatter: &Formatter, connect: &Connect) -> Result<(), Failure> {
    let client = connect.client().await?;
    let mut consumer = client.group_consumer(config(args, name)?);
    let topics: Vec<&str> = args.topics.iter().map(String::as_str).collect();
    known(&client, &topics).await?;
    // Before it joins, so that no signal leaves a member behind.
    let mut signals = Signals::listen()?;
    consumer.subscribe(&topics);
    let mut reader = Reader {
        out: Out::start(),
        left: args.max.unwrap_or(u64::MAX),
        ends: (!args.follow).then(HashMap::new),
        admin: client.admin(),
        isolation: isolation(args),
        committed: Instant::now(),
        formatter,
    };
    let read = reader.read(&mut consumer, &mut signals).await;
    let flushed = match read {
        Ok(()) => reader.out.flush(&mut signals).await,
        failed => failed,
    };
    let finished = match flushed {
        // What was not shown is not committed.
        Ok(()) => consumer.commit().await.or_else(ignore_not_member).map_err(Failure::from),
        failed => failed,
    };
    // Whatever went wrong, nobody is to wait for a member that is gone.
    let closed = consumer.close(CLOSE_TIMEOUT).await;
    finished.and(closed.map_err(Failure::from))
}

/// Standard output by a thread of its own: when its reader is slow, the member's heartbeats go on.
struct Out {
    /// What is to be written next.
    formatted: Vec<u8>,
    writer: mpsc::Sender<Written>,
}

/// Something to write, and whom to give the emptied buffer to.
type Written = (Vec<u8>, oneshot::Sender<io::Result<Vec<u8>>>);

impl Out {
    fn start() -> Out {
        let (writer, mut written) = mpsc::channel::<Written>(1);
        std::thread::spawn(move || {
            let mut out = io::stdout().lock();
            while let Some((mut formatted, done)) = written.blocking_recv() {
                let outcome = out.write_all(&formatted).and_then(|()| out.flush());
                formatted.clear();
                // Nobody waits when a signal came first.
                let _ = done.send(outcome.map(|()| formatted));
            }
        });
        Out { formatted: Vec::with_capacity(BUFFER), writer }
    }

    /// Waits until all is written. A signal ends it: nobody knows then how much was.
    async fn flush(&mut self, signals: &mut Signals) -> Result<(), Failure> {
        if self.formatted.is_empty() {
            return Ok(());
        }
        let (done, written) = oneshot::channel();
        let gone = || Failure::failed("standard output cannot be written");
        self.writer.send((std::mem::take(&mut self.formatted), done)).await.map_err(|_| gone())?;
        tokio::select! {
            outcome = written => self.formatted = outcome.map_err(|_| gone())??,
            () = signals.next() => return Err(Failure::failed("interrupted while standard output was blocked")),
        }
        Ok(())
    }
}

/// A member that was given nothing yet has nothing to commit.
fn ignore_not_member(error: client::GroupError) -> Result<(), client::GroupError> {
    if matches!(error, client::GroupError::NotOwned { .. }) { Ok(()) } else { Err(error) }
}

/// A group may wait for a topic that comes later; somebody at a terminal has mistyped its name.
async fn known(client: &Client, topics: &[&str]) -> Result<(), Failure> {
    for (_, topic) in client.admin().describe_topics(topics).await? {
        topic?;
    }
    Ok(())
}

fn isolation(args: &Args) -> Isolation {
    if args.read_committed { Isolation::ReadCommitted } else { Isolation::ReadUncommitted }
}

fn config(args: &Args, name: &str) -> Result<GroupConfig, Failure> {
    let reset = match args.from {
        Start::Beginning => Reset::Earliest,
        Start::End => Reset::Latest,
        _ => {
            return Err(Failure::usage(
                "a group begins at `beginning` or `end` where it has committed nothing; `ottla group reset` moves it",
            ));
        }
    };
    Ok(GroupConfig {
        protocol: match args.protocol {
            Protocol::Classic => GroupProtocol::Classic,
            Protocol::Consumer => GroupProtocol::Consumer,
        },
        instance_id: args.instance_id.clone(),
        assignors: vec![Assignor::Range, Assignor::CooperativeSticky],
        // What was printed is committed, not what was only read.
        auto_commit: None,
        consumer: ConsumerConfig { reset, isolation: isolation(args), ..ConsumerConfig::default() },
        ..GroupConfig::new(name)
    })
}

struct Reader<'a> {
    out: Out,
    /// How many more records.
    left: u64,
    /// Where to stop in each partition; `None` to go on.
    ends: Option<HashMap<TopicPartition, Offset>>,
    admin: Admin,
    isolation: Isolation,
    committed: Instant,
    formatter: &'a Formatter,
}

impl Reader<'_> {
    async fn read(&mut self, consumer: &mut GroupConsumer, signals: &mut Signals) -> Result<(), Failure> {
        while self.left > 0 {
            if let Some(record) = consumer.next_now() {
                self.formatter.write(&mut self.out.formatted, &record)?;
                self.left -= 1;
                if self.out.formatted.len() >= BUFFER {
                    self.out.flush(signals).await?;
                }
                continue;
            }
            if self.is_at_end(consumer) {
                break;
            }
            // Nothing has arrived: show what there is.
            self.out.flush(signals).await?;
            if self.committed.elapsed() >= COMMIT_INTERVAL {
                self.committed = Instant::now();
                consumer.commit_async();
            }
            let wake = Instant::now() + COMMIT_INTERVAL;
            let event = tokio::select! {
                () = signals.next() => return Ok(()),
                event = timeout_at(wake, consumer.next()) => event,
            };
            if let Ok(event) = event {
                self.take(event?, consumer, signals).await?;
            }
        }
        Ok(())
    }

    async fn take(
        &mut self,
        event: GroupEvent,
        consumer: &mut GroupConsumer,
        signals: &mut Signals,
    ) -> Result<(), Failure> {
        match event {
            GroupEvent::Record(record) => {
                self.formatter.write(&mut self.out.formatted, &record)?;
                self.left -= 1;
            }
            GroupEvent::Assigned(partitions) => {
                if let Some(ends) = &mut self.ends {
                    let wanted: Vec<_> =
                        partitions.into_iter().map(|partition| (partition, OffsetSpec::Latest)).collect();
                    for (partition, found) in self.admin.list_offsets_as(&wanted, self.isolation).await? {
                        ends.insert(partition, found?.offset.unwrap_or_default());
                    }
                }
            }
            GroupEvent::Revoked(partitions) => {
                self.out.flush(signals).await?;
                if let Err(error) = consumer.commit().await.or_else(ignore_not_member) {
                    tracing::warn!(%error, "offsets were not committed: whoever reads on shows some records again");
                }
                self.forget(&partitions);
            }
            GroupEvent::Lost(partitions) => self.forget(&partitions),
        }
        Ok(())
    }

    fn forget(&mut self, partitions: &[TopicPartition]) {
        if let Some(ends) = &mut self.ends {
            partitions.iter().for_each(|partition| {
                ends.remove(partition);
            });
        }
    }

    /// Whether all is read that there was when it was assigned. A member without partitions waits for some.
    fn is_at_end(&self, consumer: &GroupConsumer) -> bool {
        let Some(ends) = &self.ends else { return false };
        let is_read = |(partition, end): (&TopicPartition, &Offset)| {
            consumer.position(partition).is_some_and(|position| position >= *end)
        };
        !ends.is_empty() && ends.iter().all(is_read)
    }
}
