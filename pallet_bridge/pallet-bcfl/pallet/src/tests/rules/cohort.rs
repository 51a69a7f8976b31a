// SPDX-License-Identifier: Apache-2.0
//! Young stake is summed as if each member was looked at.

use proptest::prelude::*;

use crate::{governance_rules::aged, Balance, BlockNumber, Youth};

const STAKES: usize = 4;

/// One member: its active stake, and when that was raised last.
type Held = (Balance, BlockNumber);

/// What happens in a block: who, how much comes or goes, and under which aging time.
type Step = (usize, Balance, bool, BlockNumber, BlockNumber);

fn weights(members: &[Held], now: BlockNumber, aging: BlockNumber) -> Balance {
    let weight = |(stake, since): &Held| aged(*stake, now - since, aging);
    members.iter().map(weight).sum()
}

fn play(steps: &[Step]) {
    let mut members = [(0, 1); STAKES];
    let (mut youth, mut now) = (Youth::new(1), 1);
    for (who, amount, comes, blocks, aging) in steps {
        now += blocks;
        let (stake, since) = members[*who];
        if *comes {
            youth.grow_up(now, *aging);
            youth.take(stake, since).expect("it is there");
            youth.add(stake + amount, now).expect("it fits");
            members[*who] = (stake + amount, now);
        } else {
            let gone = stake.min(*amount);
            youth.take(gone, since).expect("it is there");
            members[*who] = (stake - gone, since);
        }
        let active: Balance = members.iter().map(|member| member.0).sum();
        let electorate = youth.electorate(active, now, *aging);
        assert!(electorate <= active, "no more than there is");
        assert!(electorate >= weights(&members, now, *aging), "no less than can vote");
        let young = youth.last.stake + youth.before.stake;
        let counted = |since: BlockNumber| since >= youth.before.since;
        let sum: Balance =
            members.iter().filter(|member| counted(member.1)).map(|member| member.0).sum();
        assert_eq!(young, sum, "the cohorts are those of the members");
    }
}

proptest! {
    #[test]
    fn electorate_is_between_what_can_vote_and_what_there_is(
        steps in prop::collection::vec(
            (0..STAKES, 0u128..1_000, any::<bool>(), 0u32..30, 0u32..40),
            1..80,
        ),
    ) {
        play(&steps);
    }
}

/// Members of old against fresh stake that is more than theirs.
#[test]
fn fresh_stake_counts_by_its_age() {
    let (mut youth, aging) = (Youth::new(1), 20);
    youth.add(400, 1).expect("it fits");
    assert_eq!(youth.electorate(400, 1, aging), 0);
    assert_eq!(youth.electorate(400, 11, aging), 200);
    assert_eq!(youth.electorate(400, 60, aging), 400);
    youth.grow_up(60, aging);
    youth.add(700, 60).expect("it fits");
    assert_eq!(youth.electorate(1_100, 60, aging), 400);
    assert_eq!(youth.electorate(1_100, 62, aging), 400 + 70);
    assert_eq!(youth.electorate(1_100, 80, aging), 1_100);
    // Without an aging time all counts at once.
    assert_eq!(youth.electorate(1_100, 61, 0), 1_100);
}

/// However the aging time changes in one block, stake is found in the cohort that it is in.
#[test]
fn a_block_is_in_one_cohort() {
    let mut youth = Youth::new(5);
    youth.grow_up(9, 100);
    youth.add(50, 9).expect("it fits");
    youth.grow_up(9, 1);
    assert_eq!(youth.last.since, 5);
    youth.add(60, 9).expect("it fits");
    youth.take(110, 9).expect("it is there");
    youth.grow_up(10, 1);
    youth.add(1, 10).expect("it fits");
    assert_eq!((youth.last.since, youth.last.stake, youth.before.stake), (10, 1, 0));
}
