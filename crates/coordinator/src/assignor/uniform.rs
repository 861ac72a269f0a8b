//! Uniform, where all members are subscribed to the same topics: everyone gets as much as everyone else, give or take one.

use super::{NOBODY, Spec};

/// By partition, the new owner.
pub(super) fn assign(spec: &Spec<'_>) -> Vec<u32> {
    let mut owners = spec.owners.clone();
    let mut free = quotas(&owners, spec.members.len());
    keep(&mut owners, &mut free);
    deal(&mut owners, &mut free);
    owners
}

/// How many partitions each member is to have. Who has more than the least keeps one more while there are any.
fn quotas(owners: &[u32], members: usize) -> Vec<usize> {
    let (least, mut more) = (owners.len() / members, owners.len() % members);
    let mut held = vec![0_usize; members];
    owners.iter().filter(|owner| **owner != NOBODY).for_each(|owner| held[*owner as usize] += 1);
    let mut quotas = vec![least; members];
    for wants_more in [true, false] {
        for (quota, held) in quotas.iter_mut().zip(&held) {
            if more > 0 && (*held > least) == wants_more {
                *quota += 1;
                more -= 1;
            }
        }
    }
    quotas
}

/// Takes from each member what is beyond its quota; `free` becomes what each may still get.
fn keep(owners: &mut [u32], free: &mut [usize]) {
    for owner in owners.iter_mut().filter(|owner| **owner != NOBODY) {
        match &mut free[*owner as usize] {
            0 => *owner = NOBODY,
            free => *free -= 1,
        }
    }
}

/// Deals out what nobody has, one to each in turn, so that the partitions of a topic are spread.
fn deal(owners: &mut [u32], free: &mut [usize]) {
    let mut turn: Vec<u32> = (0..).zip(free.iter()).filter(|(_, free)| **free > 0).map(|(member, _)| member).collect();
    let mut next = 0;
    for owner in owners.iter_mut().filter(|owner| **owner == NOBODY) {
        if next >= turn.len() {
            turn.retain(|member| free[*member as usize] > 0);
            next = 0;
        }
        *owner = turn[next];
        free[*owner as usize] -= 1;
        next += 1;
    }
}
