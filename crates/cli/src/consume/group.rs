//! `ottla consume --group`: as a member of a group, which commits what was printed.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::pin::pin;
use std::time::Duration;

use client::{
    Admin, Assignor, Client, ConsumerConfig, GroupConfig, GroupConsumer, GroupEvent, GroupProtocol, Isolation, Offset,
    OffsetSpec, Reset, Start, TopicPartition,
};
use tokio::time::{Instant, timeout_at};

use super::format::Formatter;
use super::{Args, Protocol};
use crate::connect::Connect;
use crate::failure::Failure;

/// How often to commit while records come.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait for the last words of the member.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Consumes to the end that the partitions had when they were assigned, to the maximum, or until Ctrl-C.
pub async fn run(args: &Args, name: &str, formatter: &Formatter, connect: &Connect) -> Result<(), Failure> {
    let client = connect.client().await?;
    let mut consumer = client.group_consumer(config(args, name)?);
    let topics: Vec<&str> = args.topics.iter().map(String::as_str).collect();
    known(&client, &topics).await?;
    consumer.subscribe(&topics);
    let mut reader = Reader {
        out: BufWriter::with_capacity(256 << 10, io::stdout()),
        left: args.max.unwrap_or(u64::MAX),
        ends: (!args.follow).then(HashMap::new),
        admin: client.admin(),
        isolation: isolation(args),
        committed: Instant::now(),
        formatter,
    };
    reader.read(&mut consumer).await?;
    reader.out.flush()?;
    consumer.commit().await.or_else(ignore_not_member)?;
    Ok(consumer.close(CLOSE_TIMEOUT).await?)
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
    out: BufWriter<io::Stdout>,
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
    async fn read(&mut self, consumer: &mut GroupConsumer) -> Result<(), Failure> {
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        while self.left > 0 {
            if let Some(record) = consumer.next_now() {
                self.formatter.write(&mut self.out, &record)?;
                self.left -= 1;
                continue;
            }
            if self.is_at_end(consumer) {
                break;
            }
            // Nothing has arrived: show what there is.
            self.out.flush()?;
            if self.committed.elapsed() >= COMMIT_INTERVAL {
                self.committed = Instant::now();
                consumer.commit_async();
            }
            let wake = Instant::now() + COMMIT_INTERVAL;
            let event = tokio::select! {
                _ = &mut interrupted => return Ok(()),
                event = timeout_at(wake, consumer.next()) => event,
            };
            if let Ok(event) = event {
                self.take(event?, consumer).await?;
            }
        }
        Ok(())
    }

    async fn take(&mut self, event: GroupEvent, consumer: &mut GroupConsumer) -> Result<(), Failure> {
        match event {
            GroupEvent::Record(record) => {
                self.formatter.write(&mut self.out, &record)?;
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
                self.out.flush()?;
                consumer.commit().await.or_else(ignore_not_member)?;
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
