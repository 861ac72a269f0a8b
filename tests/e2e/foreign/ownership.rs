//! A model of who owns what: it reads what the members of a group said and finds what no coordinator may let happen.
//!
//! - No partition has two owners at one time, or in one generation. Who was stopped or killed owns nothing any more once its
//!   session can have ended; who says that it has lost a partition has found that out itself. Who is killed before it could find
//!   out has lost it when it has heard nothing from the broker for a session: a client may look for a broker that long.
//! - No committed position moves back, and who reads on begins at no lower position than was committed before.
//! - In a row of records that one owner reads, none is missing, and none comes twice. A client may go back to what it last
//!   handed over when it is paused in a rebalance, where that is how it works.

use std::collections::BTreeMap;

use super::events::{Place, Said, What};

/// A partition that a member has, or had.
struct Claim {
    member: String,
    /// Where it read last.
    last: Option<i64>,
    /// The highest position that was committed before it began.
    floor: i64,
    /// When its owner was stopped last, while it had this.
    stopped: Option<i64>,
    /// Whether it was in a rebalance since it read.
    was_paused: bool,
    /// The lowest that it went back to.
    went_back_to: Option<i64>,
}

/// What is to be expected of the members.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// They tell the generation of an assignment, not an epoch that lasts over several.
    pub tell_generations: bool,
    /// What they read while they are paused they may read again.
    pub go_back: bool,
}

/// What was said so far.
struct Model<'a> {
    /// All of it, in the order of time.
    said: &'a [Said],
    session_ns: i64,
    manners: Manners,
    claims: BTreeMap<Place, Claim>,
    generations: BTreeMap<(Place, i64), String>,
    /// Answered commits: the position, and when the answer was there.
    committed: BTreeMap<Place, Vec<(i64, i64)>>,
    wrong: Vec<String>,
}

/// All that is wrong with what the members said, which must be in the order of time.
pub fn check(said: &[Said], session_ms: u32, manners: Manners) -> Vec<String> {
    let mut model = Model {
        said,
        session_ns: i64::from(session_ms) * 1_000_000,
        manners,
        claims: BTreeMap::new(),
        generations: BTreeMap::new(),
        committed: BTreeMap::new(),
        wrong: Vec::new(),
    };
    for (at, event) in said.iter().enumerate() {
        model.take(at, event);
    }
    model.wrong
}

impl Model<'_> {
    fn take(&mut self, at: usize, event: &Said) {
        let member = &event.member;
        if let What::Assigned { .. } | What::Revoked(_) = event.what {
            let own = self.claims.values_mut().filter(|claim| claim.member == *member);
            own.for_each(|claim| claim.was_paused = true);
        }
        match &event.what {
            What::Assigned { places, generation } => {
                places.iter().for_each(|place| self.claim(at, event, place));
                if let (true, Some(generation)) = (self.manners.tell_generations, generation) {
                    places.iter().for_each(|place| self.once(member, place, *generation));
                }
            }
            What::Revoked(places) | What::Lost(places) => {
                places.iter().for_each(|place| self.release(member, place));
            }
            What::Closed | What::Killed => self.claims.retain(|_, claim| claim.member != *member),
            What::Stopped => {
                let own = self.claims.values_mut().filter(|claim| claim.member == *member);
                own.for_each(|claim| claim.stopped = Some(event.at));
            }
            What::Record(place, offset) => self.record(member, place, *offset),
            What::Committed(positions, began) => {
                positions.iter().for_each(|(place, offset)| self.commit(event, place, *offset, *began));
            }
            What::Refused(_) | What::Error(_) | What::Continued => {}
        }
    }

    fn claim(&mut self, at: usize, event: &Said, place: &Place) {
        if let Some(earlier) = self.claims.get(place).filter(|claim| claim.member != event.member)
            && !self.may_be_over(at, event, place, earlier)
        {
            self.wrong.push(format!("{place:?} is given to {} while {} has it", event.member, earlier.member));
        }
        let answered = self.committed.get(place).into_iter().flatten().filter(|(_, then)| *then < event.at);
        let floor = answered.map(|(offset, _)| *offset).max().unwrap_or(0);
        let member = event.member.clone();
        let claim = Claim { member, last: None, floor, stopped: None, was_paused: false, went_back_to: None };
        self.claims.insert(place.clone(), claim);
    }

    /// Whether an owner that never gave a partition back can have been put out of the group.
    fn may_be_over(&self, at: usize, taken: &Said, place: &Place, earlier: &Claim) -> bool {
        // A heartbeat goes out ten times in a session, so the broker may have heard the last one that much earlier.
        let expired = |stopped: i64| taken.at - stopped >= self.session_ns - self.session_ns / 5;
        if earlier.stopped.is_some_and(expired) {
            return true;
        }
        let own = self.said[at..].iter().filter(|said| said.member == earlier.member);
        let next = own.map(|said| &said.what).find(|what| match what {
            What::Lost(places) | What::Revoked(places) => places.contains(place),
            What::Assigned { .. } | What::Closed | What::Killed => true,
            _ => false,
        });
        match next {
            Some(What::Lost(_)) => true,
            Some(What::Killed) => self.answered(at, &earlier.member).is_some_and(expired),
            _ => false,
        }
    }

    /// When a member last heard from the broker, as far as it says.
    fn answered(&self, at: usize, member: &str) -> Option<i64> {
        let is_answer = |what: &What| matches!(what, What::Assigned { .. } | What::Committed(..));
        self.said[..at].iter().rfind(|said| said.member == member && is_answer(&said.what)).map(|said| said.at)
    }

    fn once(&mut self, member: &str, place: &Place, generation: i64) {
        let owner = self.generations.entry((place.clone(), generation)).or_insert_with(|| member.to_owned());
        if owner != member {
            self.wrong.push(format!("{place:?} has two owners in generation {generation}: {owner} and {member}"));
        }
    }

    fn release(&mut self, member: &str, place: &Place) {
        if self.claims.get(place).is_some_and(|claim| claim.member == member) {
            self.claims.remove(place);
        }
    }

    fn record(&mut self, member: &str, place: &Place, offset: i64) {
        // What was on its way to a member that was stopped is read by it when it goes on.
        let Some(claim) = self.claims.get_mut(place).filter(|claim| claim.member == member) else { return };
        let may_go_back = self.manners.go_back && std::mem::take(&mut claim.was_paused);
        match claim.last {
            Some(last) if may_go_back && offset <= last && offset >= claim.floor => {
                claim.went_back_to = Some(claim.went_back_to.map_or(offset, |before| before.min(offset)));
            }
            Some(last) if offset != last + 1 => {
                self.wrong.push(format!("{member} reads {offset} after {last} of {place:?}"));
            }
            None if offset < claim.floor => {
                let floor = claim.floor;
                self.wrong.push(format!("{member} begins {place:?} at {offset}, but {floor} was committed"));
            }
            _ => {}
        }
        claim.last = Some(offset);
    }

    fn commit(&mut self, event: &Said, place: &Place, offset: i64, began: i64) {
        let member = &event.member;
        let claim = self.claims.get(place).filter(|claim| claim.member == *member);
        let went_back = claim.and_then(|claim| claim.went_back_to).is_some_and(|to| offset > to);
        let answered = self.committed.entry(place.clone()).or_default();
        let later = answered.iter().find(|(earlier, then)| *then < began && *earlier > offset);
        if let Some((earlier, _)) = later.filter(|_| !went_back) {
            self.wrong.push(format!("{member} moves {place:?} back from {earlier} to {offset}"));
        }
        answered.push((offset, event.at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        ("t".to_owned(), 0)
    }

    fn story(events: &[(i64, &str, What)]) -> Vec<Said> {
        let said = |(at, member, what): &(i64, &str, What)| Said {
            member: (*member).to_owned(),
            at: at * 1_000_000,
            what: what.clone(),
        };
        events.iter().map(said).collect()
    }

    fn assigned(generation: i64) -> What {
        What::Assigned { places: vec![place()], generation: Some(generation) }
    }

    fn revoked() -> What {
        What::Revoked(vec![place()])
    }

    fn committed(offset: i64, began_ms: i64) -> What {
        What::Committed(vec![(place(), offset)], began_ms * 1_000_000)
    }

    fn wrong(events: &[(i64, &str, What)]) -> usize {
        check(&story(events), 1000, Manners { tell_generations: true, go_back: false }).len()
    }

    #[test]
    fn a_partition_that_is_given_back_first_may_be_given_on() {
        assert_eq!(wrong(&[(0, "a", assigned(1)), (1, "a", revoked()), (2, "b", assigned(2))]), 0);
    }

    #[test]
    fn two_owners_at_one_time_are_found() {
        assert_eq!(wrong(&[(0, "a", assigned(1)), (1, "b", assigned(2)), (2, "a", revoked())]), 1);
    }

    #[test]
    fn two_owners_in_one_generation_are_found() {
        assert_eq!(wrong(&[(0, "a", assigned(1)), (1, "a", revoked()), (2, "b", assigned(1))]), 1);
    }

    #[test]
    fn a_stopped_owner_has_its_session_long() {
        let taken_at = |at| [(0, "a", assigned(1)), (1, "a", What::Stopped), (at, "b", assigned(2))];
        assert_eq!((wrong(&taken_at(100)), wrong(&taken_at(1100))), (1, 0));
    }

    #[test]
    fn an_owner_that_is_killed_before_it_finds_out_has_heard_nothing_for_a_session() {
        let heard_at = |at| {
            [(0, "a", assigned(1)), (at, "a", committed(5, at)), (1500, "b", assigned(2)), (1510, "a", What::Killed)]
        };
        assert_eq!((wrong(&heard_at(1000)), wrong(&heard_at(500))), (1, 0));
    }

    #[test]
    fn a_position_that_moves_back_is_found() {
        let second = |offset| [(0, "a", committed(5, 0)), (2, "b", committed(offset, 1))];
        assert_eq!((wrong(&second(4)), wrong(&second(6))), (1, 0));
        // Both were on their way at once.
        assert_eq!(wrong(&[(3, "a", committed(5, 0)), (4, "b", committed(4, 1))]), 0);
    }

    #[test]
    fn reading_below_what_was_committed_is_found() {
        let then = |offset| {
            [
                (0, "a", assigned(1)),
                (1, "a", committed(5, 0)),
                (2, "a", What::Killed),
                (3, "b", assigned(2)),
                (4, "b", What::Record(place(), offset)),
            ]
        };
        assert_eq!((wrong(&then(4)), wrong(&then(5))), (1, 0));
    }

    #[test]
    fn who_is_paused_in_a_rebalance_may_go_back_but_leaves_nothing_out_where_that_is_its_manner() {
        let paused = || What::Assigned { places: vec![], generation: None };
        let record = |offset| What::Record(place(), offset);
        let told = |then, offset| {
            story(&[
                (0, "a", assigned(1)),
                (1, "a", record(0)),
                (2, "a", record(1)),
                (3, "a", committed(2, 2)),
                (4, "a", then),
                (5, "a", record(offset)),
                (6, "a", committed(offset + 1, 5)),
            ])
        };
        let wrong =
            |then, offset, go_back| check(&told(then, offset), 1000, Manners { tell_generations: true, go_back }).len();
        assert_eq!((wrong(paused(), 0, true), wrong(paused(), 0, false)), (0, 2));
        assert_eq!((wrong(paused(), 3, true), wrong(committed(2, 3), 0, true)), (1, 2));
    }

    #[test]
    fn a_record_that_is_left_out_is_found() {
        let second = |offset| {
            [(0, "a", assigned(1)), (1, "a", What::Record(place(), 0)), (2, "a", What::Record(place(), offset))]
        };
        assert_eq!((wrong(&second(2)), wrong(&second(1))), (1, 0));
    }
}
