//! One plain sentence for each event.

use std::fmt;
use std::time::Duration;

use super::{Departure, Entry, Event, RebalanceCause};

/// A duration as people read it: `300 ms`, `4.2 s`, `5 min 3 s`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        match (seconds, millis) {
            (0, millis) => write!(f, "{millis} ms"),
            (1..60, 0) => write!(f, "{seconds} s"),
            (1..60, millis) => write!(f, "{seconds}.{} s", millis / 100),
            _ if seconds % 60 == 0 => write!(f, "{} min", seconds / 60),
            _ => write!(f, "{} min {} s", seconds / 60, seconds % 60),
        }
    }
}

/// What a member says of its reason, after a colon; nothing when it says nothing. Line ends would forge another entry, and the
/// sentence has its own full stop.
struct Reason<'a>(&'a str);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.trim_end_matches('.') {
            "" => Ok(()),
            reason => write!(f, ": {}", reason.escape_debug()),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.event)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Joined { member, instance, client_id, client_host, reason } => {
                let (member, client, host) =
                    (member.escape_debug(), client_id.escape_debug(), client_host.escape_debug());
                write!(f, "Member {member} (client {client} at {host}")?;
                if let Some(instance) = instance {
                    write!(f, ", static as {}", instance.escape_debug())?;
                }
                write!(f, ") joined{}.", Reason(reason))
            }
            Event::Left { member, cause } => write!(f, "Member {} {cause}.", member.escape_debug()),
            Event::RebalanceBegan { cause } => write!(f, "A rebalance began because {cause}."),
            Event::Generation { generation, members, leader, joining } => {
                let plural = if *members == 1 { "member" } else { "members" };
                let (leader, joining) = (leader.escape_debug(), Span(*joining));
                write!(f, "Generation {generation} has {members} {plural}, led by {leader}; joining took {joining}.")
            }
            Event::Assigned { generation, assigning } => {
                write!(f, "The assignment of generation {generation} is complete; assigning took {}.", Span(*assigning))
            }
            Event::Epoch { epoch, cause } => write!(f, "The group epoch is {epoch} because {cause}."),
            Event::Reconciled { epoch, members, reconciling } => {
                let took = Span(*reconciling);
                write!(
                    f,
                    "All {members} members have their whole assignment at epoch {epoch}; reconciling took {took}."
                )
            }
            Event::Fenced { member, epoch } => {
                write!(f, "Member {} was fenced: it came with epoch {epoch}.", member.escape_debug())
            }
            Event::Converted { to } => write!(f, "The group changed to the {to} protocol."),
        }
    }
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Departure::Left(reason) => write!(f, "left{}", Reason(reason)),
            Departure::Removed(reason) => write!(f, "was removed by an operator{}", Reason(reason)),
            Departure::SessionTimeout(timeout) => {
                write!(f, "was removed: no heartbeat came within the session timeout of {}", Span(*timeout))
            }
            Departure::RebalanceTimeout(timeout) => {
                write!(f, "was removed: it did not join again within the rebalance timeout of {}", Span(*timeout))
            }
            Departure::RevocationTimeout(timeout) => {
                write!(
                    f,
                    "was removed: it did not revoke its partitions within the rebalance timeout of {}",
                    Span(*timeout)
                )
            }
            Departure::SyncTimeout(timeout) => {
                write!(f, "was removed: it did not sync within the rebalance timeout of {}", Span(*timeout))
            }
            Departure::Replaced => f.write_str("was replaced by a member with the same group.instance.id"),
        }
    }
}

impl fmt::Display for RebalanceCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RebalanceCause::Joined(member) => write!(f, "member {} joined", member.escape_debug()),
            RebalanceCause::Left(member) => write!(f, "member {} is gone", member.escape_debug()),
            RebalanceCause::Changed(member) => write!(f, "member {} joined again", member.escape_debug()),
            RebalanceCause::Topics => f.write_str("subscribed topics changed"),
            RebalanceCause::Regex => f.write_str("a subscribed regular expression matches other topics"),
            RebalanceCause::AssignmentLost => f.write_str("an assignment could not be written"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn member() -> Arc<str> {
        "m-1".into()
    }

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn joined(instance: Option<&str>, reason: &str) -> Event {
        Event::Joined {
            member: member(),
            instance: instance.map(Into::into),
            client_id: "app".into(),
            client_host: "/10.0.0.7".into(),
            reason: reason.into(),
        }
    }

    fn left(cause: Departure) -> Event {
        Event::Left { member: member(), cause }
    }

    #[test]
    fn every_event_of_a_member_is_a_sentence() {
        let says = |event: Event, sentence: &str| assert_eq!(event.to_string(), sentence);
        says(joined(None, ""), "Member m-1 (client app at /10.0.0.7) joined.");
        says(
            joined(Some("i"), "fresh start"),
            "Member m-1 (client app at /10.0.0.7, static as i) joined: fresh start.",
        );
        says(left(Departure::Left("done".into())), "Member m-1 left: done.");
        says(left(Departure::Left("".into())), "Member m-1 left.");
        says(left(Departure::Removed("".into())), "Member m-1 was removed by an operator.");
        says(
            left(Departure::SessionTimeout(millis(45_000))),
            "Member m-1 was removed: no heartbeat came within the session timeout of 45 s.",
        );
        says(
            left(Departure::RebalanceTimeout(millis(300_000))),
            "Member m-1 was removed: it did not join again within the rebalance timeout of 5 min.",
        );
        says(
            left(Departure::RevocationTimeout(millis(303_000))),
            "Member m-1 was removed: it did not revoke its partitions within the rebalance timeout of 5 min 3 s.",
        );
        says(
            left(Departure::SyncTimeout(millis(1_500))),
            "Member m-1 was removed: it did not sync within the rebalance timeout of 1.5 s.",
        );
        says(left(Departure::Replaced), "Member m-1 was replaced by a member with the same group.instance.id.");
        says(
            Event::Reconciled { epoch: 4, members: 3, reconciling: Duration::from_millis(1_200) },
            "All 3 members have their whole assignment at epoch 4; reconciling took 1.2 s.",
        );
        says(Event::Fenced { member: member(), epoch: 3 }, "Member m-1 was fenced: it came with epoch 3.");
    }

    #[test]
    fn every_event_of_a_group_is_a_sentence() {
        let says = |event: Event, sentence: &str| assert_eq!(event.to_string(), sentence);
        let began = |cause| Event::RebalanceBegan { cause };
        says(began(RebalanceCause::Joined(member())), "A rebalance began because member m-1 joined.");
        says(began(RebalanceCause::Left(member())), "A rebalance began because member m-1 is gone.");
        says(began(RebalanceCause::Changed(member())), "A rebalance began because member m-1 joined again.");
        says(began(RebalanceCause::Topics), "A rebalance began because subscribed topics changed.");
        says(began(RebalanceCause::AssignmentLost), "A rebalance began because an assignment could not be written.");
        let regex = Event::Epoch { epoch: 9, cause: RebalanceCause::Regex };
        says(regex, "The group epoch is 9 because a subscribed regular expression matches other topics.");
        let generation = Event::Generation { generation: 7, members: 1, leader: member(), joining: millis(300) };
        says(generation, "Generation 7 has 1 member, led by m-1; joining took 300 ms.");
        let assigned = Event::Assigned { generation: 7, assigning: millis(4_250) };
        says(assigned, "The assignment of generation 7 is complete; assigning took 4.2 s.");
        says(Event::Converted { to: "consumer" }, "The group changed to the consumer protocol.");
    }

    #[test]
    fn a_reason_cannot_forge_another_line() {
        let sentence = left(Departure::Left("x\nMember admin left.".into())).to_string();
        assert_eq!(sentence, r"Member m-1 left: x\nMember admin left.");
    }
}
