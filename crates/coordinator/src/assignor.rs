//! Which member reads which partition: `uniform` and `range`, as pure functions over numbers.
//!
//! Members and topics are numbered, and so are all partitions of all topics, one topic after the other. An assignment is then
//! one array: by partition, the number of its owner. Everything here is linear in partitions and members, or nearly so.

mod balance;
mod range;
mod uniform;

use std::rc::Rc;

/// The owner of a partition that nobody owns.
pub(crate) const NOBODY: u32 = u32::MAX;

/// A way to assign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignor {
    /// As evenly as the subscriptions allow, with as few changes as possible.
    Uniform,
    /// Ranges of each topic, alike in all topics of as many partitions.
    Range,
}

/// What there is to assign, to whom.
#[derive(Clone, Debug)]
pub(crate) struct Spec<'a> {
    /// The members in the order of their ids.
    pub members: Vec<Subscriber<'a>>,
    /// By topic, how many partitions it has. Each topic has a subscriber.
    pub partitions: Vec<u32>,
    /// By partition, the owner so far, or [`NOBODY`].
    pub owners: Vec<u32>,
}

/// A member as the assignors see it.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber<'a> {
    /// Its name over restarts.
    pub instance_id: Option<&'a str>,
    /// The numbers of its topics, ascending; shared by members with the same subscription.
    pub topics: Rc<[u32]>,
}

impl Assignor {
    /// The assignor of this name.
    pub fn named(name: &str) -> Option<Assignor> {
        match name {
            "uniform" => Some(Assignor::Uniform),
            "range" => Some(Assignor::Range),
            _ => None,
        }
    }

    /// By partition, the new owner. Nobody owns a partition only where there are no members.
    pub fn assign(self, spec: &Spec<'_>) -> Vec<u32> {
        match self {
            _ if spec.members.is_empty() => vec![NOBODY; spec.owners.len()],
            Assignor::Range => range::assign(spec),
            Assignor::Uniform if spec.is_homogeneous() => uniform::assign(spec),
            Assignor::Uniform => balance::assign(spec),
        }
    }
}

impl Spec<'_> {
    /// Whether all members are subscribed to the same topics.
    fn is_homogeneous(&self) -> bool {
        self.members.windows(2).all(|pair| Rc::ptr_eq(&pair[0].topics, &pair[1].topics) || pair[0].topics == pair[1].topics)
    }

    /// By topic, the number of its first partition.
    fn bases(&self) -> Vec<usize> {
        let next = |base: &mut usize, count: &u32| {
            let first = *base;
            *base += *count as usize;
            Some(first)
        };
        self.partitions.iter().scan(0, next).collect()
    }

    /// By topic, its subscribers in the order of the members.
    fn subscribers(&self) -> Vec<Vec<u32>> {
        let mut subscribers = vec![Vec::new(); self.partitions.len()];
        for (number, member) in (0..).zip(&self.members) {
            member.topics.iter().for_each(|topic| subscribers[*topic as usize].push(number));
        }
        subscribers
    }
}

#[cfg(test)]
mod tests;
