//! OffsetFetch (key 9), versions 1-10: how far groups have read. v2 all topics, v5 leader epochs (KIP-320), v6 flexible,
//! v7 stable offsets (KIP-447), v8 many groups (KIP-709), v9 members (KIP-848), v10 topic ids.

mod response;

use std::collections::HashSet;

use net::Outbox;
use record::Uuid;
use wire::ErrorCode;
use wire::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup};

use super::groups;
use crate::api::{Call, Flow};
use crate::coordinators::Ran;
use response::{Asked, AskedTopic, Fetched, Seen};

/// From here on each group has its own answer.
const MANY_GROUPS_FROM: i16 = 8;
/// Topics have ids in place of names from here on.
const IDS_FROM: i16 = 10;

/// Answers each group by itself, and once, when what was committed before is in the log. A partition is told once, too: its
/// metadata are many times as long as what asks for them.
pub fn handle(call: &Call<'_>, request: OffsetFetchRequest<'_>, outbox: &mut Outbox) -> Flow {
    let stable = request.require_stable;
    let mut room = groups::TOLD_MAX;
    let (asked, parts): (Vec<Asked>, Vec<_>) = match call.version() {
        MANY_GROUPS_FROM.. => {
            let mut seen = HashSet::new();
            let groups = request.groups.iter().filter(|group| seen.insert(group.group_id));
            groups.map(|group| of_many(call, &group, stable, &mut room)).unzip()
        }
        _ => {
            let (asked, part) = of_one(call, &request, &mut room);
            (vec![asked], vec![part])
        }
    };
    groups::answer_all(call, outbox, parts, move |respond, results, outbox| {
        response::answer(respond, &asked, &results, outbox);
    })
}

/// A group, and what its shard says.
type Part = (Asked, Result<Ran<Fetched>, ErrorCode>);

fn of_one(call: &Call<'_>, request: &OffsetFetchRequest<'_>, room: &mut usize) -> Part {
    let counts = request.topics.iter().flat_map(|topics| topics.iter()).map(|topic| topic.partition_indexes.len());
    if !takes_room(room, counts) {
        return no_room(request.group_id);
    }
    let mut seen = Seen::new();
    let topics = request.topics.as_ref();
    let topics = topics.map(|topics| topics.iter().map(|topic| AskedTopic::named(&topic, &mut seen)).collect());
    let asked = Asked { group: request.group_id.into(), topics };
    let part = fetch(call, &asked, None, request.require_stable);
    (asked, part)
}

fn of_many(call: &Call<'_>, group: &OffsetFetchRequestGroup<'_>, stable: bool, room: &mut usize) -> Part {
    let counts = group.topics.iter().flat_map(|topics| topics.iter()).map(|topic| topic.partition_indexes.len());
    if !takes_room(room, counts) {
        return no_room(group.group_id);
    }
    let mut seen = Seen::new();
    let topics = group.topics.as_ref().map(|topics| {
        let by_id = call.version() >= IDS_FROM;
        topics.iter().map(|topic| AskedTopic::found(&topic, call.view.image(), by_id, &mut seen)).collect()
    });
    let asked = Asked { group: group.group_id.into(), topics };
    // No member is an id of null, or of nothing, with no epoch.
    let member = group.member_id.or((group.member_epoch >= 0).then_some("")).map(|id| (id, group.member_epoch));
    let part = fetch(call, &asked, member, stable);
    if let (None, Ok(Ran { value: Ok(all), .. })) = (&asked.topics, &part) {
        *room = room.saturating_sub(all.len());
    }
    (asked, part)
}

/// Whether the answer has room for topics of so many partitions. Where it has none left, nothing is asked for any more.
fn takes_room(room: &mut usize, partitions: impl Iterator<Item = usize>) -> bool {
    let wanted: usize = partitions.map(|partitions| partitions + 1).sum();
    let has_room = *room > 0 && wanted <= *room;
    *room = room.saturating_sub(wanted);
    has_room
}

fn no_room(group: &str) -> Part {
    (Asked { group: group.into(), topics: None }, Err(ErrorCode::POLICY_VIOLATION))
}

fn fetch(call: &Call<'_>, asked: &Asked, member: Option<(&str, i32)>, stable: bool) -> Result<Ran<Fetched>, ErrorCode> {
    let partitions = asked.partitions();
    let place = call.node.coordinators.of_group(&asked.group)?;
    let ran = place
        .run(Uuid::ZERO, |shard, step| shard.offset_fetch(step, &asked.group, member, partitions.as_deref(), stable))?;
    Ok(Ran { value: ran.value, commit: ran.commit })
}
