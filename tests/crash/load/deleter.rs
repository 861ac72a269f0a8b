//! A client that asks for the deletion of records now and then (KIP-107).

use std::io;
use std::time::Duration;

use verdict::{Kind, Phase};

use super::Topic;
use crate::campaign::Random;
use crate::node::Whereabouts;
use crate::pen::Pen;
use crate::wire::Wire;

const PACE: Duration = Duration::from_millis(25);

/// Deletes until the load ends. Returns 0, as producers do that never begin anew.
pub fn run(whereabouts: &Whereabouts, mut pen: Pen, topic: &Topic, seed: u64) -> u64 {
    let mut random = Random(seed);
    while let Some((address, incarnation)) = whereabouts.find() {
        let _ = Wire::to(&address).and_then(|mut wire| {
            while !whereabouts.is_stopped() {
                let partition = random.below(u64::from(topic.partitions)) as u16;
                delete(&mut wire, &mut pen, topic, partition, incarnation, &mut random)?;
                whereabouts.pause(PACE);
            }
            Ok(())
        });
        whereabouts.pause(Duration::from_millis(5));
    }
    0
}

/// Deletes some of what is there, now and then all of it.
fn delete(
    wire: &mut Wire,
    pen: &mut Pen,
    topic: &Topic,
    partition: u16,
    incarnation: u16,
    random: &mut Random,
) -> io::Result<()> {
    let name = &topic.name;
    let (_, start, _) = wire.list_offsets(name, i32::from(partition), -2)?;
    let (_, end, _) = wire.list_offsets(name, i32::from(partition), -1)?;
    if start >= end {
        return Ok(());
    }
    let mut event = pen.event(Kind::DeleteRecords, Phase::Invoke, topic.partition(partition), incarnation);
    event.offset = start + 1 + random.below((end - start) as u64) as i64;
    pen.write(event, &[]);
    let answer = wire.delete_records(name, i32::from(partition), event.offset);
    event.phase = Phase::Info;
    if let Ok((error, start)) = answer {
        (event.error, event.offset) = (error, start);
        event.phase = if error == 0 { Phase::Ok } else { Phase::Info };
    }
    pen.write(event, &[]);
    answer.map(|_| ())
}
