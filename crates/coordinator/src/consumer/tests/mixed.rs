//! KIP-848: groups whose members speak both protocols, and groups that change from one to the other.

use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

use super::protocol::{Assignment, Subscription};
use super::*;
use crate::{Answer, Departure, JoinAnswer, LeaveAnswer, MigrationPolicy, SyncAnswer, Ticket};

fn blob(topics: &[&str], has: &[(&str, &[i32])]) -> Vec<u8> {
    let owned =
        has.iter().map(|(topic, partitions)| protocol::TopicPartitions { topic, partitions: (*partitions).into() });
    let subscription =
        Subscription { topics: topics.to_vec().into(), owned_partitions: owned.collect(), ..Subscription::default() };
    subscription.encode_blob(1)
}

fn given(partitions: &[(&str, &[i32])]) -> Vec<u8> {
    let partitions =
        partitions.iter().map(|(topic, of_topic)| protocol::TopicPartitions { topic, partitions: (*of_topic).into() });
    Assignment { partitions: partitions.collect(), user_data: None }.encode_blob(1)
}

fn joins<'a>(member: &'a str, instance: Option<&'a str>, metadata: &'a [u8]) -> JoinGroupRequest<'a> {
    JoinGroupRequest {
        group_id: "g",
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 30_000,
        member_id: member,
        group_instance_id: instance,
        protocol_type: "consumer",
        protocols: vec![JoinGroupRequestProtocol { name: "range", metadata }].into(),
        reason: None,
    }
}

/// Partitions by topic.
type Given<'a> = &'a [(&'a str, &'a [i32])];

impl Lab {
    fn join_group(&mut self, version: i16, request: &JoinGroupRequest<'_>) -> Option<JoinAnswer> {
        let client = Client { id: "c", host: "/127.0.0.1" };
        self.step(|shard, step| shard.join_group(step, Ticket(1), client, version, request));
        self.answers.iter().find_map(|(ticket, answer)| match answer {
            Answer::Join(answer) if *ticket == Ticket(1) => Some(answer.clone()),
            _ => None,
        })
    }

    /// A member with the classic protocol joins, in the answer's generation.
    fn joined(&mut self, member: &str, topics: &[&str], has: &[(&str, &[i32])]) -> i32 {
        let answer = self.join_group(3, &joins(member, None, &blob(topics, has))).expect("the answer comes at once");
        assert_eq!((answer.error, &*answer.member_id), (ErrorCode::NONE, member));
        assert_eq!((answer.protocol_type.as_deref(), answer.protocol.as_deref()), (Some("consumer"), Some("range")));
        answer.generation
    }

    fn sync_group(&mut self, request: &SyncGroupRequest<'_>) -> SyncAnswer {
        self.step(|shard, step| shard.sync_group(step, Ticket(2), 5, request));
        match &self.answers[..] {
            [(Ticket(2), Answer::Sync(answer))] => answer.clone(),
            answers => panic!("{answers:?}"),
        }
    }

    fn synced(&mut self, member: &str, generation: i32) -> Result<Vec<(String, Vec<i32>)>, ErrorCode> {
        let request = SyncGroupRequest {
            group_id: "g",
            generation_id: generation,
            member_id: member,
            protocol_type: Some("consumer"),
            protocol_name: Some("range"),
            ..SyncGroupRequest::default()
        };
        let answer = self.sync_group(&request);
        if answer.error != ErrorCode::NONE {
            return Err(answer.error);
        }
        assert_eq!((answer.protocol_type.as_deref(), answer.protocol.as_deref()), (Some("consumer"), Some("range")));
        let (assignment, version) = Assignment::decode_blob(&answer.assignment).unwrap();
        assert_eq!(version, 1);
        Ok(assignment.partitions.iter().map(|topic| (topic.topic.to_owned(), topic.partitions.to_vec())).collect())
    }

    fn alive(&mut self, member: &str, generation: i32) -> ErrorCode {
        let request =
            HeartbeatRequest { group_id: "g", generation_id: generation, member_id: member, group_instance_id: None };
        self.step(|shard, step| shard.heartbeat(step, &request))
    }

    fn leave_group(&mut self, members: &[(&str, Option<&str>)]) -> LeaveAnswer {
        let members = members.iter().map(|(id, instance)| MemberIdentity {
            member_id: id,
            group_instance_id: *instance,
            reason: Some("done"),
        });
        let request = LeaveGroupRequest { group_id: "g", member_id: "", members: members.collect() };
        self.step(|shard, step| shard.leave_group(step, 5, &request))
    }

    /// A classic group of `m1`, which leads, and perhaps `m2`, each with what it is given.
    fn classic(topics: &[(&str, i32)], members: &[(&str, Given<'_>)]) -> Lab {
        let mut lab = Lab::new(topics).with(|settings| settings.initial_rebalance_delay = Duration::from_secs(3));
        let names: Vec<&str> = topics.iter().map(|(name, _)| *name).collect();
        let mut ids = Vec::new();
        let metadata = blob(&names, &[]);
        for (place, _) in members.iter().enumerate() {
            let client = Client { id: "c", host: "/127.0.0.1" };
            lab.step(|shard, step| {
                shard.join_group(step, Ticket(10 + place as u64), client, 3, &joins("", None, &metadata))
            });
        }
        let mut leader = Arc::from("");
        while ids.len() < members.len() {
            let due = lab.shard.next_due().expect("the group waits for more members");
            lab.now = lab.now.max(due);
            lab.step(tick);
            for (_, answer) in &lab.answers {
                let Answer::Join(answer) = answer else { continue };
                ids.push(Arc::clone(&answer.member_id));
                leader = Arc::clone(&answer.leader);
            }
        }
        ids.sort();
        let blobs: Vec<Vec<u8>> = members.iter().map(|(_, partitions)| given(partitions)).collect();
        let assignments =
            ids.iter().zip(&blobs).map(|(id, blob)| SyncGroupRequestAssignment { member_id: id, assignment: blob });
        let request = SyncGroupRequest {
            group_id: "g",
            generation_id: 1,
            member_id: &leader,
            assignments: assignments.collect(),
            ..SyncGroupRequest::default()
        };
        assert_eq!(lab.sync_group(&request).error, ErrorCode::NONE);
        lab
    }

    fn ids(&self) -> Vec<String> {
        self.group().members.keys().map(|id| id.to_string()).collect()
    }

    fn classic_state(&self) -> &'static str {
        match self.shard.groups.get("g") {
            Some(Group::Classic(group)) => group.state_name(),
            _ => panic!("it is no classic group"),
        }
    }
}

#[test]
fn a_classic_member_in_a_consumer_group_is_led_to_its_partitions() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m1", &["a"]));
    let generation = lab.joined("k1", &["a"], &[]);
    assert_eq!(generation, 2);
    assert_eq!(lab.synced("k1", 2), Ok(vec![]));
    // Its partition is not free yet.
    assert_eq!(lab.alive("k1", 2), ErrorCode::NONE);
    lab.says(&beat("m1", 1));
    let keeps = lab.members()["m1"].1.clone();
    lab.says(&owns("m1", 1, &keeps));
    assert_eq!(lab.alive("k1", 2), ErrorCode::REBALANCE_IN_PROGRESS);
    assert_eq!(lab.joined("k1", &["a"], &[]), 2);
    assert_eq!(lab.synced("k1", 2).unwrap().len(), 1);
    assert_eq!(lab.alive("k1", 2), ErrorCode::NONE);
    assert_eq!(lab.describe().state, "Stable");
    assert_eq!(lab.describe().members.iter().map(|m| m.member_type).collect::<Vec<_>>(), [0, 1]);
    lab.assert_replays();
}

#[test]
fn a_classic_member_gives_up_by_joining_again_without() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m0", &["b"]));
    let generation = lab.joined("k1", &["a"], &[]);
    assert_eq!(lab.synced("k1", generation), Ok(vec![("a".into(), vec![0, 1])]));
    lab.says(&join("m1", &["a"]));
    assert_eq!(lab.alive("k1", generation), ErrorCode::REBALANCE_IN_PROGRESS);
    // It still has both: it stays in its generation, and is told what it may keep.
    assert_eq!(lab.joined("k1", &["a"], &[("a", &[0, 1])]), generation);
    assert_eq!(lab.synced("k1", generation), Ok(vec![("a".into(), vec![0])]));
    assert_eq!(lab.told(&beat("m1", 3)), (3, None));
    assert_eq!(lab.alive("k1", generation), ErrorCode::REBALANCE_IN_PROGRESS);
    assert_eq!(lab.joined("k1", &["a"], &[("a", &[0])]), 3);
    assert_eq!(lab.told(&beat("m1", 3)), (3, Some(parts(&[("a", &[1])]))));
    lab.assert_replays();
}

#[test]
fn a_classic_member_that_does_not_join_again_in_time_is_gone() {
    let mut lab = Lab::new(&[("a", 2)]).with(|settings| settings.consumer.session_timeout = Duration::from_secs(600));
    lab.says(&join("m0", &["a"]));
    let generation = lab.joined("k1", &["a"], &[]);
    assert_eq!(lab.synced("k1", generation), Ok(vec![]));
    lab.says(&join("m1", &["a"]));
    for _ in 0..6 {
        assert_eq!(lab.alive("k1", generation), ErrorCode::REBALANCE_IN_PROGRESS);
        lab.after(Duration::from_secs(5));
    }
    assert_eq!(lab.alive("k1", generation), ErrorCode::UNKNOWN_MEMBER_ID);
    let left = Event::Left { member: "k1".into(), cause: Departure::RebalanceTimeout(Duration::from_secs(30)) };
    assert!(lab.events().contains(&left), "{:?}", lab.events());
}

#[test]
fn a_classic_member_that_does_not_sync_in_time_is_gone() {
    let mut lab = Lab::new(&[("a", 2)]).with(|settings| settings.consumer.session_timeout = Duration::from_secs(600));
    lab.says(&join("m0", &["b"]));
    let generation = lab.joined("k1", &["a"], &[]);
    for _ in 0..6 {
        assert_eq!(lab.alive("k1", generation), ErrorCode::NONE);
        lab.after(Duration::from_secs(5));
    }
    let left = Event::Left { member: "k1".into(), cause: Departure::SyncTimeout(Duration::from_secs(30)) };
    assert!(lab.events().contains(&left), "{:?}", lab.events());
}

#[test]
fn a_classic_member_has_its_own_session() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m0", &["a"]));
    lab.joined("k1", &["a"], &[]);
    lab.after(Duration::from_secs(10));
    assert_eq!(lab.ids(), ["m0"]);
}

#[test]
fn classic_requests_that_do_not_fit_are_refused() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m0", &["a"]));
    let metadata = blob(&["a"], &[]);
    let error =
        |lab: &mut Lab, version, request: &JoinGroupRequest<'_>| lab.join_group(version, request).unwrap().error;
    assert_eq!(error(&mut lab, 4, &joins("", None, &metadata)), ErrorCode::MEMBER_ID_REQUIRED);
    assert_eq!(error(&mut lab, 3, &joins("k", None, &[0, 0, 1])), ErrorCode::UNKNOWN_SERVER_ERROR);
    let other = JoinGroupRequest { protocol_type: "connect", ..joins("k", None, &metadata) };
    assert_eq!(error(&mut lab, 3, &other), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    assert_eq!(error(&mut lab, 5, &joins("k", Some("i"), &metadata)), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(lab.ids(), ["m0"]);
    lab.joined("k", &["a"], &[]);
    let mut roundrobin = joins("l", None, &metadata);
    roundrobin.protocols = vec![JoinGroupRequestProtocol { name: "roundrobin", metadata: &metadata }].into();
    assert_eq!(error(&mut lab, 3, &roundrobin), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    assert_eq!(lab.synced("m0", 1), Err(ErrorCode::UNKNOWN_MEMBER_ID));
    assert_eq!(lab.synced("k", 1), Err(ErrorCode::ILLEGAL_GENERATION));
    let sync = SyncGroupRequest {
        group_id: "g",
        generation_id: 2,
        member_id: "k",
        protocol_name: Some("x"),
        ..Default::default()
    };
    assert_eq!(lab.sync_group(&sync).error, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    assert_eq!(lab.alive("k", 9), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(lab.alive("x", 2), ErrorCode::UNKNOWN_MEMBER_ID);
    lab = lab.with(|settings| settings.consumer.migration = MigrationPolicy::Disabled);
    assert_eq!(error(&mut lab, 3, &joins("l", None, &metadata)), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    assert_eq!(lab.group().validate_offset_commit("k", 9, 3), Err(ErrorCode::ILLEGAL_GENERATION));
    assert_eq!(lab.group().validate_offset_commit("k", 2, 3), Ok(()));
}

#[test]
fn members_of_both_protocols_leave_by_leave_group() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m0", &["a"]));
    lab.says(&ConsumerGroupHeartbeatRequest { instance_id: Some("i"), ..join("m1", &["a"]) });
    lab.joined("k1", &["a"], &[]);
    let epoch = lab.describe().epoch;
    let answer = lab.leave_group(&[("k1", None), ("k1", None), ("x", None), ("", Some("i")), ("x", Some("j"))]);
    let errors: Vec<ErrorCode> = answer.members.iter().map(|member| member.error).collect();
    let unknown = ErrorCode::UNKNOWN_MEMBER_ID;
    assert_eq!(errors, [ErrorCode::NONE, unknown, unknown, ErrorCode::NONE, unknown]);
    assert_eq!((lab.ids(), lab.describe().epoch), (vec!["m0".to_owned()], epoch + 1));
    assert!(lab.events().contains(&Event::Left { member: "m1".into(), cause: Departure::Removed("done".into()) }));
    lab.assert_replays();
}

#[test]
fn an_empty_classic_group_becomes_a_consumer_group() {
    let mut lab = Lab::classic(&[("a", 2)], &[("m", &[("a", &[0, 1])])]);
    let Some(Group::Classic(group)) = lab.shard.groups.get("g") else { panic!() };
    let id = group.members().iter().next().unwrap().id.to_string();
    assert_eq!(lab.leave_group(&[(&id, None)]).members[0].error, ErrorCode::NONE);
    assert_eq!(lab.classic_state(), "Empty");
    assert_eq!(lab.told(&join("m", &["a"])), (1, Some(parts(&[("a", &[0, 1])]))));
    assert!(matches!(lab.written[0], Record::GroupMetadata { value: None, .. }));
    lab.assert_replays();
}

#[test]
fn a_live_classic_group_becomes_a_consumer_group_and_back() {
    let mut lab = Lab::classic(&[("a", 2)], &[("1", &[("a", &[0])]), ("2", &[("a", &[1])])]);
    assert_eq!(lab.classic_state(), "Stable");
    let (epoch, assignment) = lab.told(&join("m", &["a"]));
    assert_eq!((epoch, assignment), (2, Some(parts(&[]))));
    assert!(lab.events().contains(&Event::Converted { to: "consumer" }));
    assert!(matches!(lab.written[0], Record::GroupMetadata { value: None, .. }));
    let classic: Vec<String> = lab.ids().into_iter().filter(|id| id != "m").collect();
    assert_eq!(classic.len(), 2);
    let had: Vec<usize> = classic.iter().map(|id| lab.members()[id].1[&super::id("a")].len()).collect();
    assert_eq!(had, [1, 1], "what they had they have");
    assert_eq!(lab.alive(&classic[0], 1), ErrorCode::REBALANCE_IN_PROGRESS);
    lab.assert_replays();
    // The last member with the consumer protocol leaves.
    assert_eq!(lab.told(&beat("m", -1)), (-1, None));
    assert_eq!(lab.classic_state(), "PreparingRebalance");
    assert!(lab.events().contains(&Event::Converted { to: "classic" }));
    let last = lab.written.last().unwrap();
    let Record::GroupMetadata { value: Some(written), .. } = last else { panic!("{last:?}") };
    assert_eq!((written.members.len(), &*written.protocol_type, written.generation), (2, "consumer", 2));
    let replayed = lab.replayed();
    assert!(matches!(replayed.groups.get("g"), Some(Group::Classic(_))));
}

#[test]
fn the_operator_says_which_way_groups_may_change() {
    let table = [
        (MigrationPolicy::Disabled, false, false),
        (MigrationPolicy::Upgrade, true, false),
        (MigrationPolicy::Downgrade, false, true),
        (MigrationPolicy::Bidirectional, true, true),
    ];
    for (policy, up, down) in table {
        let classic = Lab::classic(&[("a", 2)], &[("1", &[("a", &[0, 1])])]);
        let mut lab = classic.with(|settings| settings.consumer.migration = policy);
        if up {
            lab.told(&join("m", &["a"]));
        } else {
            let text = "Cannot upgrade classic group g to consumer group because online upgrade is disabled.";
            assert_eq!(lab.refused(&join("m", &["a"])), (ErrorCode::GROUP_ID_NOT_FOUND, text.into()));
            lab = lab.with(|settings| settings.consumer.migration = MigrationPolicy::Upgrade);
            lab.told(&join("m", &["a"]));
            lab = lab.with(|settings| settings.consumer.migration = policy);
        }
        lab.says(&beat("m", -1));
        assert_eq!(matches!(lab.shard.groups.get("g"), Some(Group::Classic(_))), down, "{policy:?}");
    }
}

#[test]
fn who_moves_to_the_consumer_protocol_one_by_one_moves_the_group() {
    let mut lab = Lab::classic(&[("a", 2)], &[("1", &[("a", &[0])]), ("2", &[("a", &[1])])]);
    lab.says(&join("n1", &["a"]));
    for id in lab.ids().iter().filter(|id| *id != "n1") {
        assert_eq!(lab.leave_group(&[(id, None)]).members[0].error, ErrorCode::NONE);
    }
    assert_eq!(lab.group().classic_members, 0);
    let epoch = lab.members()["n1"].0;
    assert_eq!(lab.told(&beat("n1", epoch)).1, Some(parts(&[("a", &[0, 1])])));
    assert_eq!(lab.group().protocols, HashMap::new());
    lab.assert_replays();
}

#[test]
fn the_last_static_member_that_goes_back_to_the_classic_protocol_takes_the_group_along() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&ConsumerGroupHeartbeatRequest { instance_id: Some("i"), ..join("m", &["a"]) });
    let answer = lab.join_group(9, &joins("", Some("i"), &blob(&["a"], &[]))).unwrap();
    assert_eq!(answer.error, ErrorCode::NONE);
    assert_ne!(&*answer.member_id, "m");
    let Some(Group::Classic(group)) = lab.shard.groups.get("g") else { panic!("it is no classic group") };
    let member = group.members().iter().next().unwrap();
    assert_eq!((&member.id, group.generation(), lab.classic_state()), (&answer.member_id, answer.generation, "Stable"));
    let (assignment, _) = Assignment::decode_blob(&member.assignment).unwrap();
    assert_eq!(assignment.partitions.iter().next().unwrap().partitions.to_vec(), [0, 1]);
}

#[test]
fn a_classic_group_of_others_stays_what_it_is() {
    let mut lab = Lab::new(&[("a", 2)]);
    let client = Client { id: "c", host: "/127.0.0.1" };
    let request = JoinGroupRequest { protocol_type: "connect", ..joins("", None, &[1, 2, 3]) };
    lab.step(|shard, step| shard.join_group(step, Ticket(1), client, 3, &request));
    let text = "Cannot upgrade classic group g to consumer group because the group does not use the consumer embedded protocol.";
    assert_eq!(lab.refused(&join("m", &["a"])), (ErrorCode::GROUP_ID_NOT_FOUND, text.into()));
    assert_eq!(lab.refused(&beat("m", 1)), (ErrorCode::GROUP_ID_NOT_FOUND, "Group g is not a consumer group.".into()));
}

/// Bad input 131.
#[test]
fn garbage_in_a_classic_group_holds_it_up_but_does_no_harm() {
    let mut lab = Lab::new(&[("a", 2)]);
    let client = Client { id: "c", host: "/127.0.0.1" };
    lab.step(|shard, step| shard.join_group(step, Ticket(1), client, 3, &joins("", None, &[0, 1, 0xff])));
    let text = "Cannot upgrade classic group g to consumer group because the embedded consumer protocol is malformed.";
    assert_eq!(lab.refused(&join("m", &["a"])), (ErrorCode::GROUP_ID_NOT_FOUND, text.into()));
}

#[test]
fn who_waits_to_join_a_classic_group_is_told_to_join_again_when_it_changes() {
    let mut lab = Lab::new(&[("a", 2)]);
    let client = Client { id: "c", host: "/127.0.0.1" };
    let metadata = blob(&["a"], &[]);
    lab.step(|shard, step| shard.join_group(step, Ticket(5), client, 3, &joins("", None, &metadata)));
    assert_eq!(lab.answers, []);
    lab.says(&join("m", &["a"]));
    let Some((Ticket(5), Answer::Join(answer))) = lab.answers.first() else { panic!("{:?}", lab.answers) };
    assert_eq!(answer.error, ErrorCode::REBALANCE_IN_PROGRESS);
}

/// A rebalance takes assignments back that members still read from, if the one before it was never finished.
#[test]
fn what_members_own_in_an_unfinished_rebalance_they_keep_when_the_group_changes() {
    // By member: the generation it says, and what it says that it owns; what each has afterwards.
    type Said<'a> = (i32, Given<'a>);
    let table: &[([Said<'_>; 2], [Given<'_>; 2])] = &[
        ([(1, &[("a", &[0])]), (1, &[("a", &[1])])], [&[("a", &[0])], &[("a", &[1])]]),
        ([(1, &[("a", &[0, 1])]), (0, &[("a", &[1])])], [&[("a", &[0, 1])], &[]]),
        ([(0, &[("a", &[0, 1])]), (1, &[("a", &[1])])], [&[("a", &[0])], &[("a", &[1])]]),
        ([(-1, &[]), (-1, &[("gone", &[0])])], [&[], &[]]),
    ];
    for (said, has) in table {
        let mut lab = Lab::classic(&[("a", 2)], &[("1", &[("a", &[0])]), ("2", &[("a", &[1])])]);
        let Some(Group::Classic(group)) = lab.shard.groups.get("g") else { panic!("it is no classic group") };
        let mut ids: Vec<String> = group.members().iter().map(|member| member.id.to_string()).collect();
        ids.sort();
        let Record::GroupMetadata { value: Some(written), .. } = group.record(&"g".into()) else { panic!() };
        let leader = written.leader.unwrap().to_string();
        // The leader has all join again; all have joined, nothing is assigned; then another comes.
        let blobs: Vec<Vec<u8>> = said.iter().map(|(generation, owned)| blob_of(*generation, owned)).collect();
        let mut order: Vec<usize> = vec![0, 1];
        order.sort_by_key(|place| ids[*place] != leader);
        for place in order {
            lab.join_group(3, &joins(&ids[place], None, &blobs[place]));
        }
        assert_eq!(lab.classic_state(), "CompletingRebalance");
        lab.join_group(3, &joins("", None, &blob(&["a"], &[])));
        assert_eq!(lab.classic_state(), "PreparingRebalance");
        lab.told(&join("m", &["a"]));
        let members = lab.members();
        let had: Vec<Partitions> = ids.iter().map(|id| members[id].1.clone()).collect();
        assert_eq!(had, has.map(parts), "{said:?}");
        lab.assert_replays();
    }
}

fn blob_of(generation_id: i32, has: Given<'_>) -> Vec<u8> {
    let owned =
        has.iter().map(|(topic, partitions)| protocol::TopicPartitions { topic, partitions: (*partitions).into() });
    let subscription = Subscription {
        topics: vec!["a"].into(),
        owned_partitions: owned.collect(),
        generation_id,
        ..Subscription::default()
    };
    subscription.encode_blob(2)
}

#[test]
fn a_group_that_changes_back_before_all_have_what_they_shall_have_has_all_join() {
    for (gives_up, state) in [(false, "PreparingRebalance"), (true, "Stable")] {
        let mut lab = Lab::new(&[("a", 2)]);
        let of_instance = |request| ConsumerGroupHeartbeatRequest { instance_id: Some("i"), ..request };
        lab.says(&of_instance(join("m", &["a"])));
        let generation = lab.joined("k1", &["a"], &[]);
        let kept = lab.told(&of_instance(beat("m", 1))).1.unwrap();
        if gives_up {
            lab.told(&of_instance(owns("m", 1, &kept)));
            assert_eq!(lab.joined("k1", &["a"], &[]), generation);
        }
        let answer = lab.join_group(9, &joins("", Some("i"), &blob(&["a"], &[]))).unwrap();
        assert_eq!((answer.error, lab.classic_state()), (ErrorCode::NONE, state), "gives up: {gives_up}");
    }
}

#[test]
fn a_protocol_that_is_named_twice_counts_once() {
    let metadata = blob(&["a"], &[]);
    let range = || JoinGroupRequestProtocol { name: "range", metadata: &metadata };
    for times in 1..4 {
        let mut lab = Lab::new(&[("a", 2)]);
        lab.says(&join("m0", &["a"]));
        let protocols: Vec<_> = (0..times).map(|_| range()).collect();
        let request = JoinGroupRequest { protocols: protocols.into(), ..joins("k1", None, &metadata) };
        assert_eq!(lab.join_group(3, &request).unwrap().error, ErrorCode::NONE);
        assert_eq!(lab.group().members["k1"].classic().unwrap().supported_protocols.len(), 1);
        lab.joined("k2", &["a"], &[]);
        assert_eq!(lab.group().protocols, HashMap::from([("range".into(), 2)]));
        // A record of an earlier version may hold it twice.
        let doubled = |record: &Record| match record.clone() {
            Record::ConsumerGroupMemberMetadata { group, member, value: Some(mut value) } => {
                let classic = value.classic.iter_mut();
                classic.for_each(|classic| classic.supported_protocols.extend(classic.supported_protocols.clone()));
                Record::ConsumerGroupMemberMetadata { group, member, value: Some(value) }
            }
            other => other,
        };
        lab.log = lab.log.iter().map(doubled).collect();
        lab.restart();
        assert_eq!(lab.group().protocols, HashMap::from([("range".into(), 2)]));
        lab.joined("k3", &["a"], &[]);
    }
}

/// Without looking at all members for each that leaves this takes no time to speak of.
#[test]
fn thousands_of_members_leave_at_once() {
    let mut lab = Lab::new(&[("a", 2)]).with(|settings| {
        settings.consumer.members_max = 10_000;
        settings.consumer.assignment_interval = Duration::from_secs(60);
    });
    let ids: Vec<String> = (0..5_000).map(|number| format!("m{number}")).collect();
    for (number, id) in ids.iter().enumerate() {
        lab.log.clear();
        let client = Client { id: "c", host: "/127.0.0.1" };
        let request = join(id, &["a"]);
        let image = lab.image.clone();
        let now = Now { wall: lab.wall(), monotonic: lab.now };
        let mut step = Step::new(now, &image, Uuid((number as u128).to_be_bytes()));
        lab.shard.consumer_group_heartbeat(&mut step, client, 1, &request);
    }
    let names: Vec<(&str, Option<&str>)> = ids.iter().chain(&ids).map(|id| (id.as_str(), None)).collect();
    let answer = lab.leave_group(&names);
    let left = answer.members.iter().filter(|member| member.error == ErrorCode::NONE).count();
    assert_eq!((left, answer.members.len(), lab.ids().len()), (5_000, 10_000, 0));
}

/// Who has asked for its assignment before does not ask again, and must not be taken for one who never does.
#[test]
fn after_a_start_a_classic_member_stays_as_long_as_it_is_heard_of() {
    for (synced, beats, stays) in [(true, true, true), (false, true, true), (true, false, false), (false, false, false)]
    {
        let mut lab = Lab::new(&[("a", 2)]).with(|s| s.consumer.session_timeout = Duration::from_secs(600));
        lab.says(&join("m0", &["b"]));
        let generation = lab.joined("k1", &["a"], &[]);
        if synced {
            assert_eq!(lab.synced("k1", generation), Ok(vec![("a".into(), vec![0, 1])]));
        }
        lab.restart();
        for _ in 0..20 {
            lab.after(Duration::from_secs(5));
            if beats {
                assert_eq!(lab.alive("k1", generation), ErrorCode::NONE);
            }
        }
        assert_eq!(lab.ids().contains(&"k1".to_owned()), stays, "synced: {synced}, beats: {beats}");
    }
}

#[test]
fn a_single_leave_names_its_member_and_an_empty_name_is_nobody() {
    for (version, id, error) in [
        (0, "", ErrorCode::UNKNOWN_MEMBER_ID),
        (2, "", ErrorCode::UNKNOWN_MEMBER_ID),
        (2, "x", ErrorCode::UNKNOWN_MEMBER_ID),
        (2, "m", ErrorCode::NONE),
        // From here on the members are in a list, which is empty.
        (3, "m", ErrorCode::NONE),
    ] {
        let mut lab = Lab::new(&[("a", 2)]);
        lab.says(&join("m", &["a"]));
        let request = LeaveGroupRequest { group_id: "g", member_id: id, members: Array::EMPTY };
        let answer = lab.step(|shard, step| shard.leave_group(step, version, &request));
        assert_eq!(answer.error, error, "{version} {id}");
        assert_eq!(lab.members().is_empty(), (version, id) == (2, "m"));
    }
}

/// What a classic member says is written with it, and the classic group is one record with all of them.
#[test]
fn a_mixed_group_that_cannot_be_written_otherwise_stays_what_it_is() {
    let mut lab = Lab::new(&[("a", 2)]);
    lab.says(&join("m", &["a"]));
    lab.joined("k1", &["a"], &[]);
    lab.joined("k2", &["a"], &[]);
    let small = |settings: &mut Settings| settings.record_bytes_max = 300;
    lab = lab.with(small);
    let long = vec!["a"; 200];
    let answer = lab.join_group(3, &joins("k3", None, &blob(&long, &[]))).unwrap();
    assert_eq!((answer.error, lab.ids().len(), lab.written.len()), (ErrorCode::UNKNOWN_SERVER_ERROR, 3, 0));
    lab.says(&beat("m", -1));
    assert_eq!(lab.group().classic_members, 2);
    lab.assert_replays();

    let mut lab = Lab::classic(&[("a", 2)], &[("1", &[("a", &[0])]), ("2", &[("a", &[1])])]).with(|settings| {
        settings.record_bytes_max = 200;
    });
    assert_eq!(lab.refused(&join("m", &["a"])).0, ErrorCode::GROUP_ID_NOT_FOUND);
    assert_eq!(lab.classic_state(), "Stable");
}
