// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;
use sp_runtime::Perbill;

use crate::{
    bond_rules::{penalty, Penalty},
    mock::*,
    *,
};

fn at_stake(coordinator_bond: Balance, misconduct: u32) -> Terms {
    Terms {
        coordinator_bond,
        misconduct: percent(misconduct),
        reporter_share: percent(30),
        round_reward: 90,
        ..terms()
    }
}

#[test]
fn harmed_come_before_the_reporter() {
    let of = |bond, commitments| penalty(bond, &at_stake(400, 50), commitments);
    let parts =
        |taken, each, compensation, shared| Ok(Penalty { taken, each, compensation, shared });
    // Half of 400; a reward of 90 for four; 30 % for the reporter.
    assert_eq!(of(400, 4), parts(200, 22, 88, 60));
    assert_eq!(of(1_000, 4), parts(200, 22, 88, 60));
    // The bond has 100 left: the reporter's 30 are not all there.
    assert_eq!(of(110, 4), parts(110, 22, 88, 22));
    assert_eq!(of(90, 4), parts(90, 22, 88, 2));
    assert_eq!(of(3, 4), parts(3, 0, 0, 0));
    assert_eq!(of(200, 0), parts(200, 0, 0, 60));
    assert_eq!(of(0, 7), parts(0, 0, 0, 0));
}

proptest! {
    #[test]
    fn parts_are_within_what_is_taken_and_that_within_the_bond(
        bond in any::<u128>(),
        asked in any::<u128>(),
        parts in 0..=1_000_000_000_u32,
        share in 0..=1_000_000_000_u32,
        round_reward in any::<u128>(),
        commitments in any::<u32>(),
    ) {
        let terms = Terms {
            coordinator_bond: asked,
            misconduct: Perbill::from_parts(parts),
            reporter_share: Perbill::from_parts(share),
            round_reward,
            ..terms()
        };
        let found = penalty(bond, &terms, commitments).expect("no overflow");
        let Penalty { taken, each, compensation, shared } = found;
        prop_assert!(taken <= bond && taken <= asked);
        prop_assert!(compensation <= round_reward);
        prop_assert_eq!(compensation, each * u128::from(commitments));
        prop_assert!(compensation.checked_add(shared).is_some_and(|paid| paid <= taken));
        prop_assert!(shared <= terms.reporter_share.mul_floor(taken));
    }
}
