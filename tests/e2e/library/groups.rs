//! Members of groups through the library, by both protocols: sharing, going on, being fenced, being slow, storms.

mod scenarios;
mod storm;

use client::{Assignor, GroupProtocol};

use super::block_on;
use crate::harness::{Broker, unique};

const BOTH: [GroupProtocol; 2] = [GroupProtocol::Classic, GroupProtocol::Consumer];

/// A broker whose groups wait for nobody; one that somebody else has started as it is.
fn broker() -> Broker {
    broker_of(6000)
}

/// The same, where members of consumer groups may be silent for so long.
fn broker_of(session_ms: u32) -> Broker {
    let session = format!("group.consumer.session.timeout.ms={session_ms}");
    let settings = [
        "group.initial.rebalance.delay.ms=0",
        "group.consumer.min.heartbeat.interval.ms=100",
        "group.consumer.heartbeat.interval.ms=100",
        "group.consumer.min.session.timeout.ms=1000",
        &session,
        "group.consumer.assignment.interval.ms=0",
    ];
    let options: Vec<&str> = settings.iter().flat_map(|&setting| ["--set", setting]).collect();
    Broker::own(&options).unwrap_or_else(Broker::start)
}

#[test]
fn members_share_a_topic_and_successors_go_on_where_they_were() {
    let broker = broker();
    for assignor in [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky] {
        let (name, protocol) = (unique(assignor.name()), GroupProtocol::Classic);
        block_on(scenarios::members_share_and_successors_go_on(broker.bootstrap(), &name, protocol, assignor));
    }
    let (name, protocol) = (unique("consumer"), GroupProtocol::Consumer);
    block_on(scenarios::members_share_and_successors_go_on(broker.bootstrap(), &name, protocol, Assignor::Range));
}

#[test]
fn what_stays_with_a_member_is_not_revoked() {
    let broker = broker();
    for protocol in BOTH {
        block_on(scenarios::what_stays_is_not_revoked(broker.bootstrap(), &unique("stays"), protocol));
    }
}

#[test]
fn a_static_member_comes_back_to_what_it_had_and_a_namesake_is_fenced() {
    let broker = broker();
    for protocol in BOTH {
        block_on(scenarios::a_static_member_comes_back(broker.bootstrap(), &unique("static"), protocol));
    }
}

#[test]
fn a_caller_that_is_too_slow_loses_what_it_had() {
    let broker = broker();
    for protocol in BOTH {
        block_on(scenarios::a_caller_that_is_too_slow_loses_what_it_had(broker.bootstrap(), &unique("slow"), protocol));
    }
}

#[test]
fn a_member_that_unsubscribes_lives_until_it_has_nothing() {
    let broker = broker_of(1000);
    block_on(scenarios::a_member_that_unsubscribes_lives_until_it_has_nothing(&broker, &unique("unsubscribed")));
}

#[test]
fn offsets_are_committed_by_hand() {
    let broker = broker();
    for protocol in BOTH {
        block_on(scenarios::offsets_are_committed_by_hand(broker.bootstrap(), &unique("hand"), protocol));
    }
}

#[test]
fn groups_are_looked_after_by_the_admin_client() {
    let broker = broker();
    for protocol in BOTH {
        block_on(scenarios::groups_are_looked_after(broker.bootstrap(), &unique("admin"), protocol));
    }
}

#[test]
fn a_pattern_finds_its_topics() {
    let broker = broker();
    block_on(scenarios::a_pattern_finds_its_topics(broker.bootstrap(), &unique("pattern")));
}

#[test]
fn in_a_storm_no_partition_has_two_owners_and_no_offset_moves_back() {
    let broker = broker();
    let kinds: [(GroupProtocol, &[Assignor]); 3] = [
        (GroupProtocol::Classic, &[Assignor::Range]),
        (GroupProtocol::Classic, &[Assignor::CooperativeSticky]),
        (GroupProtocol::Consumer, &[Assignor::Range]),
    ];
    for (seed, (protocol, assignors)) in (1..).zip(kinds) {
        let handovers = block_on(storm::run(broker.bootstrap(), &unique("storm"), seed, protocol, assignors));
        assert!(handovers > 6, "nothing happened");
    }
}
