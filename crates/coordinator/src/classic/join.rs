//! JoinGroup.

use std::sync::Arc;

use record::Uuid;
use wire::ErrorCode;
use wire::messages::join_group::JoinGroupRequest;

use super::group::{State, head_bytes};
use super::live::{Live, NEW_MEMBER_JOIN_TIMEOUT};
use super::members::{MEMBER_BYTES, Member, Protocol};
use crate::timers::Timer;
use crate::{Answer, Client, Departure, Event, JoinAnswer, RebalanceCause, Ticket};

/// From here on a member without a static name is told its id first and has to come again with it (KIP-394).
const MEMBER_ID_REQUIRED_SINCE: i16 = 4;
/// From here on a leader can be told that it need not assign (KIP-814).
const SKIP_ASSIGNMENT_SINCE: i16 = 9;

/// Of a name in a member's id.
const NAME_BYTES_MAX: usize = 255;
/// What an id has behind the name, in bytes.
const ID_SUFFIX_BYTES: usize = 37;

/// Who joins.
#[derive(Clone, Copy)]
pub(super) struct Joiner<'a> {
    pub(super) ticket: Ticket,
    pub(super) client: Client<'a>,
    pub(super) version: i16,
    pub(super) request: &'a JoinGroupRequest<'a>,
}

impl Joiner<'_> {
    fn rebalance_timeout_ms(&self) -> i32 {
        match self.version {
            0 => self.request.session_timeout_ms,
            _ => self.request.rebalance_timeout_ms.max(0),
        }
    }
}

impl Live<'_, '_> {
    /// Joins, or says why not.
    pub(super) fn join(&mut self, joiner: Joiner<'_>) {
        let request = joiner.request;
        if !self.has_room_for(request.member_id) {
            self.turn_away(joiner);
        } else if !self.group.supports(request) {
            self.refuse_join(joiner.ticket, request.member_id, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        } else if !self.has_room_for_bytes(joiner) {
            self.refuse_join(joiner.ticket, request.member_id, ErrorCode::UNKNOWN_SERVER_ERROR);
        } else if request.member_id.is_empty() {
            self.join_as_new(joiner);
        } else {
            self.join_as_known(joiner);
        }
    }

    /// While members join, those count who have joined: when the limit has become less, the last ones to come have to go.
    fn has_room_for(&self, member_id: &str) -> bool {
        let member = self.group.members.find(member_id);
        match self.group.state {
            State::Empty => true,
            State::PreparingRebalance => {
                member.is_some_and(|member| member.joining.is_some())
                    || self.group.members.joining() < self.settings.members_max
            }
            State::CompletingRebalance | State::Stable => {
                member.is_some() || self.group.members.len() < self.settings.members_max
            }
        }
    }

    /// Whether the group can be written with this member in it, by one of the protocols that all know. What the others have
    /// stands for what they will be given.
    fn has_room_for_bytes(&self, joiner: Joiner<'_>) -> bool {
        let (request, members) = (joiner.request, &self.group.members);
        let by_instance = request.group_instance_id.and_then(|instance| members.slot_of_instance(instance));
        let before = members.slot(request.member_id).or(by_instance).map(|slot| members.at(slot));
        let named = request.group_instance_id.unwrap_or_default().len();
        let id = match request.member_id.len() {
            0 => named.max(joiner.client.id.len()) + ID_SUFFIX_BYTES,
            known => known,
        };
        let texts = id + named + joiner.client.id.len() + joiner.client.host.len();
        let gone = before.map_or(0, |member| member.bytes() + member.assignment.len());
        // Where nobody leads, it will.
        let leader = self.group.leader.as_ref().map_or(id, |leader| leader.len());
        let all = leader + MEMBER_BYTES + texts + members.assigned_bytes();
        request.protocols.iter().filter(|protocol| members.all_know(protocol.name)).any(|protocol| {
            let known = before.map_or(0, |member| member.metadata(protocol.name).len());
            let head = head_bytes(&[self.name, request.protocol_type, protocol.name, ""]);
            let bytes = head + all + members.bytes(protocol.name) + protocol.metadata.len() - gone - known;
            bytes <= self.settings.record_bytes_max
        })
    }

    fn turn_away(&mut self, joiner: Joiner<'_>) {
        let member_id = joiner.request.member_id;
        self.remove(member_id, Departure::Removed("the group is full".into()));
        self.forget_pending(member_id);
        self.refuse_join(joiner.ticket, "", ErrorCode::GROUP_MAX_SIZE_REACHED);
        self.complete_join_of_running_group();
    }

    fn join_as_new(&mut self, joiner: Joiner<'_>) {
        let instance = joiner.request.group_instance_id;
        let id = member_id(instance.unwrap_or(joiner.client.id), self.step.fresh_id);
        if let Some(slot) = instance.and_then(|instance| self.group.members.slot_of_instance(instance)) {
            self.replace(joiner, slot, id);
        } else if instance.is_none() && joiner.version >= MEMBER_ID_REQUIRED_SINCE {
            self.expect(joiner, id);
        } else {
            self.add(joiner, id);
        }
    }

    /// Gives an id, and leaves it to the member to come with it.
    fn expect(&mut self, joiner: Joiner<'_>, id: Arc<str>) {
        let timeout = std::time::Duration::from_millis(u64::try_from(joiner.request.session_timeout_ms).unwrap_or(0));
        self.group.pending.insert(Arc::clone(&id));
        let timer = Timer::PendingMember(Arc::clone(self.name), Arc::clone(&id));
        self.timers.set(timer, self.step.now.monotonic + timeout);
        self.refuse_join(joiner.ticket, &id, ErrorCode::MEMBER_ID_REQUIRED);
    }

    fn join_as_known(&mut self, joiner: Joiner<'_>) {
        let request = joiner.request;
        if request.group_instance_id.is_none() && self.group.pending.contains(request.member_id) {
            return self.add(joiner, request.member_id.into());
        }
        match self.group.validate_member(request.member_id, request.group_instance_id) {
            Ok(slot) => self.join_again(joiner, slot),
            Err(error) => self.refuse_join(joiner.ticket, request.member_id, error),
        }
    }

    fn join_again(&mut self, joiner: Joiner<'_>, slot: usize) {
        let protocols = self.group.members.protocols_of(joiner.request);
        let member = self.group.members.at(slot);
        let leads = self.group.is_led_by(&member.id);
        let changes = member.protocols != protocols;
        // What changes an assignment, such as a topic's partitions, need not show in what the leader says of itself.
        let renews = leads && self.group.state == State::Stable;
        if self.group.state == State::PreparingRebalance || changes || renews {
            let cause = RebalanceCause::Changed(Arc::clone(&member.id));
            self.update(joiner, slot, protocols);
            return self.rebalance(cause);
        }
        // It has not heard the answer, or has not changed: it may ask for its assignment.
        let answer = self.joined(member, leads);
        self.step.answer(joiner.ticket, Answer::Join(answer));
    }

    fn update(&mut self, joiner: Joiner<'_>, slot: usize, protocols: Vec<Protocol>) {
        let members = &mut self.group.members;
        members.set_protocols(slot, protocols);
        members.set_timeouts(slot, joiner.rebalance_timeout_ms(), joiner.request.session_timeout_ms);
        if let Some(ticket) = members.set_joining(slot, Some(joiner.ticket)) {
            // The member has asked again on another connection, nobody waits for this answer.
            let id = Arc::clone(&self.group.members.at(slot).id);
            self.refuse_join(ticket, &id, ErrorCode::REBALANCE_IN_PROGRESS);
        }
    }

    fn add(&mut self, joiner: Joiner<'_>, id: Arc<str>) {
        let request = joiner.request;
        self.forget_pending(&id);
        self.group.newcomers |= self.group.state == State::PreparingRebalance && self.group.from_empty;
        if self.group.members.is_empty() {
            self.group.protocol_type = Some(request.protocol_type.into());
        }
        self.group.leader.get_or_insert_with(|| Arc::clone(&id));
        self.group.members.insert(Member {
            id: Arc::clone(&id),
            instance_id: request.group_instance_id.map(Arc::from),
            client_id: joiner.client.id.into(),
            client_host: joiner.client.host.into(),
            rebalance_timeout_ms: joiner.rebalance_timeout_ms(),
            session_timeout_ms: request.session_timeout_ms,
            protocols: self.group.members.protocols_of(request),
            assignment: Arc::default(),
            is_new: true,
            has_to_sync: false,
            joining: Some(joiner.ticket),
            syncing: None,
        });
        if let Some(slot) = self.group.members.slot(&id) {
            self.set_session_timer(slot, NEW_MEMBER_JOIN_TIMEOUT);
        }
        self.note_joined(joiner, &id);
        self.rebalance(RebalanceCause::Joined(id));
    }

    /// A static member comes back and knows no id: it gets a new one, and its old self is fenced (KIP-345).
    fn replace(&mut self, joiner: Joiner<'_>, slot: usize, id: Arc<str>) {
        let before = self.rename(slot, &id);
        let led_by = if self.group.is_led_by(&id) { before } else { self.group.leader.clone().unwrap_or_default() };
        let protocols = self.group.members.protocols_of(joiner.request);
        self.begin_session(slot);
        self.update(joiner, slot, protocols);
        self.note_joined(joiner, &id);
        let cause = RebalanceCause::Changed(id);
        match self.group.state {
            State::Stable if self.group.members.favourite() == self.group.protocol && self.fits() => {
                self.keep_assignments(joiner, slot, led_by);
            }
            // The leader was told of the old id.
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(cause),
            State::PreparingRebalance | State::Empty => self.complete_join_of_running_group(),
        }
    }

    fn rename(&mut self, slot: usize, id: &Arc<str>) -> Arc<str> {
        let before = Arc::clone(&self.group.members.at(slot).id);
        if let Some(ticket) = self.group.members.set_joining(slot, None) {
            self.refuse_join(ticket, &before, ErrorCode::FENCED_INSTANCE_ID);
        }
        if let Some(ticket) = self.group.members.set_syncing(slot, None) {
            self.refuse_sync(ticket, ErrorCode::FENCED_INSTANCE_ID);
        }
        self.timers.cancel(&Timer::Session(Arc::clone(self.name), Arc::clone(&before)));
        self.note(Event::Left { member: Arc::clone(&before), cause: Departure::Replaced });
        self.group.members.rename(slot, Arc::clone(id));
        self.group.members.set_known(slot);
        if self.group.is_led_by(&before) {
            self.group.leader = Some(Arc::clone(id));
        }
        before
    }

    /// A static member that changes nothing takes its place again, without a rebalance. A leader that would assign is told
    /// the id of its old self, or, where it can be said, not to assign (KIP-814).
    fn keep_assignments(&mut self, joiner: Joiner<'_>, slot: usize, led_by: Arc<str>) {
        self.write();
        self.group.members.set_joining(slot, None);
        let member = self.group.members.at(slot);
        let skips = joiner.version >= SKIP_ASSIGNMENT_SINCE;
        let leads = self.group.is_led_by(&member.id);
        let mut answer = JoinAnswer { skip_assignment: skips && leads, ..self.joined(member, skips && leads) };
        if !skips {
            answer.leader = led_by;
        }
        self.step.answer(joiner.ticket, Answer::Join(answer));
    }

    fn note_joined(&mut self, joiner: Joiner<'_>, id: &Arc<str>) {
        self.note(Event::Joined {
            member: Arc::clone(id),
            instance: joiner.request.group_instance_id.map(Arc::from),
            client_id: joiner.client.id.into(),
            client_host: joiner.client.host.into(),
            reason: joiner.request.reason.unwrap_or_default().into(),
        });
    }

    /// False if no such id was given.
    pub(super) fn forget_pending(&mut self, id: &str) -> bool {
        let given = self.group.pending.take(id);
        if let Some(id) = &given {
            self.timers.cancel(&Timer::PendingMember(Arc::clone(self.name), Arc::clone(id)));
        }
        given.is_some()
    }
}

/// An id as Kafka makes it: a name, and random digits as Java writes a UUID. A name can be as long as a text can be at all,
/// so that with the digits no answer and no record could hold it; the beginning of such a name is enough.
fn member_id(name: &str, random: Uuid) -> Arc<str> {
    let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
    let digits = u128::from_be_bytes(random.0);
    let part = |shift: u32, digits_kept: u32| (digits >> shift) & ((1 << (4 * digits_kept)) - 1);
    let (a, b, c, d, e) = (part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12));
    format!("{name}-{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}").into()
}
