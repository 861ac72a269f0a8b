//! Any record comes back from its bytes, and any bytes are a record or an error.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

fn name() -> impl Strategy<Value = Arc<str>> {
    "\\PC{0,12}".prop_map(Into::into)
}

fn blob() -> impl Strategy<Value = Arc<[u8]>> {
    vec(any::<u8>(), 0..20).prop_map(Into::into)
}

fn topic_id() -> impl Strategy<Value = TopicId> {
    any::<[u8; 16]>().prop_map(record::Uuid)
}

fn partitions() -> impl Strategy<Value = Partitions> {
    btree_map(topic_id(), btree_set(any::<i32>(), 0..5), 0..4)
}

/// Version 1, of offsets with a time to forget them at, has neither leader epoch nor topic id.
fn offset_commit() -> impl Strategy<Value = OffsetCommit> {
    let fields = (any::<i64>(), -1..i32::MAX, name(), any::<i64>(), option::of(0..i64::MAX), topic_id());
    fields.prop_map(|(offset, leader_epoch, metadata, commit_timestamp, expire_timestamp, topic_id)| OffsetCommit {
        offset,
        leader_epoch: if expire_timestamp.is_some() { -1 } else { leader_epoch },
        metadata,
        commit_timestamp,
        expire_timestamp,
        topic_id: if expire_timestamp.is_some() { TopicId::ZERO } else { topic_id },
    })
}

fn group_metadata() -> impl Strategy<Value = GroupMetadata> {
    let member = (name(), option::of(name()), name(), name(), 0..i32::MAX, any::<i32>(), blob(), blob());
    let member = member.prop_map(|(member_id, instance_id, client_id, client_host, rebalance, session, said, has)| {
        MemberMetadata {
            member_id,
            instance_id,
            client_id,
            client_host,
            rebalance_timeout: rebalance,
            session_timeout: session,
            subscription: said,
            assignment: has,
        }
    });
    let group = (name(), any::<i32>(), option::of(name()), option::of(name()), any::<i64>(), vec(member, 0..4));
    group.prop_map(|(protocol_type, generation, protocol, leader, current_state_timestamp, members)| GroupMetadata {
        protocol_type,
        generation,
        protocol,
        leader,
        current_state_timestamp,
        members,
    })
}

fn member_metadata() -> impl Strategy<Value = ConsumerGroupMemberMetadata> {
    let classic = (any::<i32>(), vec((name(), blob()), 0..3)).prop_map(|(session_timeout_ms, supported_protocols)| {
        ClassicMemberMetadata { session_timeout_ms, supported_protocols }
    });
    let names = (option::of(name()), option::of(name()), name(), name(), vec(name(), 0..4), option::of(name()));
    let member = (names, any::<i32>(), option::of(name()), option::of(classic));
    member.prop_map(|(names, rebalance_timeout_ms, server_assignor, classic)| {
        let (instance_id, rack_id, client_id, client_host, subscribed_topic_names, subscribed_topic_regex) = names;
        ConsumerGroupMemberMetadata {
            instance_id,
            rack_id,
            client_id,
            client_host,
            subscribed_topic_names,
            subscribed_topic_regex,
            rebalance_timeout_ms,
            server_assignor,
            classic,
        }
    })
}

fn current_assignment() -> impl Strategy<Value = CurrentMemberAssignment> {
    let fields = (any::<i32>(), any::<i32>(), any::<i8>(), partitions(), partitions(), option::of(any::<i32>()));
    fields.prop_map(|(member_epoch, previous_member_epoch, state, assigned, pending_revocation, epoch)| {
        let mut epochs = Epochs::new();
        let all = assigned.iter().chain(&pending_revocation).flat_map(|(t, of)| of.iter().map(|p| (*t, *p)));
        for ((topic, partition), epoch) in all.filter_map(|partition| Some((partition, epoch?))) {
            epochs.entry(topic).or_default().insert(partition, epoch.wrapping_add(partition));
        }
        CurrentMemberAssignment { member_epoch, previous_member_epoch, state, assigned, pending_revocation, epochs }
    })
}

fn record() -> impl Strategy<Value = Record> {
    let regex = (btree_set(name(), 0..4), any::<i64>(), any::<i64>());
    let regex = regex.prop_map(|(topics, version, timestamp)| ResolvedRegularExpression { topics, version, timestamp });
    let epoch = (any::<i32>(), any::<i64>());
    let epoch = epoch.prop_map(|(epoch, metadata_hash)| ConsumerGroupMetadata { epoch, metadata_hash });
    let target = (any::<i32>(), any::<i64>()).prop_map(|(assignment_epoch, assignment_timestamp)| {
        TargetAssignmentMetadata { assignment_epoch, assignment_timestamp }
    });
    prop_oneof![
        (name(), name(), any::<i32>(), option::of(offset_commit()))
            .prop_map(|(group, topic, partition, value)| Record::OffsetCommit { group, topic, partition, value }),
        (name(), option::of(group_metadata())).prop_map(|(group, value)| Record::GroupMetadata { group, value }),
        (name(), option::of(epoch)).prop_map(|(group, value)| Record::ConsumerGroupMetadata { group, value }),
        (name(), name(), option::of(member_metadata()))
            .prop_map(|(group, member, value)| Record::ConsumerGroupMemberMetadata { group, member, value }),
        (name(), option::of(target))
            .prop_map(|(group, value)| Record::ConsumerGroupTargetAssignmentMetadata { group, value }),
        (name(), name(), option::of(partitions()))
            .prop_map(|(group, member, value)| Record::ConsumerGroupTargetAssignmentMember { group, member, value }),
        (name(), name(), option::of(current_assignment()))
            .prop_map(|(group, member, value)| Record::ConsumerGroupCurrentMemberAssignment { group, member, value }),
        (name(), name(), option::of(regex)).prop_map(|(group, regex, value)| Record::ConsumerGroupRegularExpression {
            group,
            regex,
            value
        }),
    ]
}

proptest! {
    #[test]
    fn any_record_comes_back_from_its_bytes(record in record()) {
        let encoded = record.encode();
        prop_assert_eq!(Record::decode(&encoded.key, encoded.value.as_deref()), Ok(Some(record)));
    }

    #[test]
    fn cut_or_changed_bytes_are_a_record_or_an_error(
        record in record(),
        cut in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let EncodedRecord { key, value } = record.encode();
        let mut value = value.unwrap_or_else(|| vec![0; 8]);
        let at = at.index(value.len());
        value[at] = byte;
        let _ = Record::decode(&key, Some(&value));
        let _ = Record::decode(&key[..cut.index(key.len())], Some(&value));
        let _ = Record::decode(&key, Some(&value[..cut.index(value.len())]));
    }

    #[test]
    fn any_bytes_are_a_record_or_an_error(kind in 0..20_i16, key in vec(any::<u8>(), 0..40), value in vec(any::<u8>(), 0..80)) {
        let key = [&kind.to_be_bytes()[..], &key].concat();
        let _ = Record::decode(&key, Some(&value));
    }
}
