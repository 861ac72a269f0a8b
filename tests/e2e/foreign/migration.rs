//! Groups that change their protocol while they live (KIP-848): members with the consumer protocol come one by one as those with
//! the classic one go, and the other way round, while records are written.

use kafka_protocol::messages::ListGroupsRequest;

use super::clients::Client;
use super::events::What;
use super::groups::Scene;
use super::members::{Kind, Member};
use crate::raw::{Connection, error_name};

const PARTITIONS: i32 = 6;

/// A group that changes hands.
struct Change {
    scene: Scene,
    members: Vec<Member>,
}

impl Change {
    /// None where one of the clients is not on this machine, or the broker is not ours.
    fn begin(kinds: &[Kind]) -> Option<Change> {
        if !kinds.iter().all(|kind| kind.works()) {
            return None;
        }
        let mut scene = Scene::open(PARTITIONS)?;
        scene.write(3);
        Some(Change { scene, members: Vec::new() })
    }

    /// One more, while records are written, until all have their shares.
    fn comes(&mut self, kind: Kind, name: &str) {
        self.members.push(self.scene.member(kind, name));
        self.go_on();
    }

    /// The one that has been there longest leaves.
    fn first_goes(&mut self) {
        self.scene.write(3);
        self.members.remove(0).close();
        self.go_on();
    }

    fn go_on(&mut self) {
        let names: Vec<_> = self.members.iter().map(|member| member.name.as_str()).collect();
        self.scene.while_writing(|scene| scene.await_shares(&names));
        self.scene.await_all_read();
    }

    /// The group's kind, as the broker lists it.
    #[track_caller]
    fn is(&self, kind: &str) {
        let response = Connection::open(&self.scene.broker).call(5, &ListGroupsRequest::default());
        assert_eq!(error_name(response.error_code), "None");
        let kinds: Vec<_> = response.groups.iter().map(|group| group.group_type.to_string()).collect();
        assert_eq!(kinds, [kind]);
    }
}

/// There and back again.
fn changes(classic: Kind, consumer: Kind) {
    let Some(mut change) = Change::begin(&[classic, consumer]) else { return };
    change.comes(classic, "classic 1");
    change.comes(classic, "classic 2");
    change.is("classic");
    change.comes(consumer, "consumer 1");
    change.is("consumer");
    change.first_goes();
    change.comes(consumer, "consumer 2");
    // The members of both kinds are in the log.
    change.scene.broker.kill();
    change.scene.broker.start_again_there();
    change.first_goes();
    change.is("consumer");
    changes_back(change, classic);
}

/// From two members of the consumer protocol to one of the classic protocol.
fn changes_back(mut change: Change, classic: Kind) {
    change.comes(classic, "classic 3");
    change.first_goes();
    change.comes(classic, "classic 4");
    change.is("consumer");
    change.first_goes();
    change.is("classic");
    change.first_goes();
    change.members.remove(0).close();
    change.scene.check(false);
}

macro_rules! migrations {
    ($($name:ident: $classic:expr, $consumer:expr;)*) => { $(#[test] fn $name() { changes($classic, $consumer); })* };
}

migrations! {
    java_clients_change_the_protocol_of_their_group_and_change_it_back:
        Kind::classic(Client::Java, "range"), Kind::consumer(Client::Java, "uniform");
    librdkafka_changes_the_protocol_of_its_group_and_changes_it_back:
        Kind::classic(Client::Confluent, "range"), Kind::consumer(Client::Confluent, "uniform");
    franz_go_changes_the_protocol_of_its_group_and_changes_it_back:
        Kind::classic(Client::FranzGo, "cooperative-sticky"), Kind::consumer(Client::FranzGo, "sticky");
    java_clients_that_cooperate_make_room_for_librdkafka_and_come_back:
        Kind::classic(Client::Java, "cooperative-sticky"), Kind::consumer(Client::Confluent, "uniform");
}

/// The leader of such a group puts data of its own into the assignments. Kafka takes that for an assignor of somebody's own, whose
/// groups are not changed while they live.
#[test]
fn a_group_of_librdkafka_that_cooperates_is_not_changed_but_takes_over_from_the_other_protocol() {
    let cooperates = Kind::classic(Client::Confluent, "cooperative-sticky");
    let consumer = Kind::consumer(Client::Confluent, "range");
    let Some(mut change) = Change::begin(&[cooperates, consumer]) else { return };
    change.comes(consumer, "consumer 1");
    change.comes(consumer, "consumer 2");
    changes_back(change, cooperates);

    let Some(mut change) = Change::begin(&[cooperates, consumer]) else { return };
    change.comes(cooperates, "classic 1");
    change.comes(cooperates, "classic 2");
    let refused = change.scene.member(consumer, "consumer 1");
    change.scene.log().wait("the group is not changed", |said| {
        let is = |what: &What| matches!(what, What::Error(why) if why.contains("The group id does not exist"));
        said.iter().find(|said| is(&said.what)).map(|said| assert_eq!(said.member, refused.name))
    });
    refused.kill();
    change.is("classic");
    change.go_on();
    change.members.drain(..).for_each(Member::close);
    change.scene.check(false);
}
