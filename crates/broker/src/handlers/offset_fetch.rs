//! OffsetFetch (key 9), versions 1-10: how far groups have read. v2 all topics, v5 leader epochs (KIP-320), v6 flexible,
//! v7 stable offsets (KIP-447), v8 many groups (KIP-709), v9 members (KIP-848), v10 topic ids.

mod response;

use net::Outbox;
use record::Uuid;
use wire::ErrorCode;
use wire::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup};

use super::groups;
use crate::api::{Call, Flow};
use crate::coordinators::Ran;
use response::{Asked, AskedTopic, Fetched};

/// From here on each group has its own answer.
const MANY_GROUPS_FROM: i16 = 8;
/// Topics have ids in place of names from here on.
const IDS_FROM: i16 = 10;

/// Answers each group by itself, when what was committed before is in the log.
pub fn handle(call: &Call<'_>, request: OffsetFetchRequest<'_>, outbox: &mut Outbox) -> Flow {
    let stable = request.require_stable;
    let (asked, parts): (Vec<Asked>, Vec<_>) = match call.version() {
        MANY_GROUPS_FROM.. => request.groups.iter().map(|group| of_many(call, &group, stable)).unzip(),
        _ => {
            let topics = request.topics.iter().flat_map(|topics| topics.iter());
            let topics = request.topics.is_some().then(|| topics.map(|topic| AskedTopic::named(&topic)).collect());
            let asked = Asked { group: request.group_id.into(), topics };
            let part = fetch(call, &asked, None, stable);
            (vec![asked], vec![part])
        }
    };
    groups::answer_all(call, outbox, parts, move |respond, results, outbox| {
        response::answer(respond, &asked, &results, outbox);
    })
}

fn of_many(
    call: &Call<'_>,
    group: &OffsetFetchRequestGroup<'_>,
    stable: bool,
) -> (Asked, Result<Ran<Fetched>, ErrorCode>) {
    let topics = group.topics.as_ref().map(|topics| {
        let found = |topic| AskedTopic::found(&topic, call.view.image(), call.version() >= IDS_FROM);
        topics.iter().map(found).collect()
    });
    let asked = Asked { group: group.group_id.into(), topics };
    // No member is an id of null, or of nothing, with no epoch.
    let member = group.member_id.or((group.member_epoch >= 0).then_some("")).map(|id| (id, group.member_epoch));
    let part = fetch(call, &asked, member, stable);
    (asked, part)
}

fn fetch(call: &Call<'_>, asked: &Asked, member: Option<(&str, i32)>, stable: bool) -> Result<Ran<Fetched>, ErrorCode> {
    let partitions = asked.partitions();
    let place = call.node.coordinators.of_group(&asked.group)?;
    let ran = place
        .run(Uuid::ZERO, |shard, step| shard.offset_fetch(step, &asked.group, member, partitions.as_deref(), stable))?;
    Ok(Ran { value: ran.value, commit: ran.commit })
}
