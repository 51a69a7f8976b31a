// SPDX-License-Identifier: Apache-2.0
//! Whatever is tried, in whatever order: an offence ends once, and each end moves exactly what the
//! terms say. The table is that of `docs/reference/pallet/disputes.md`.

use frame_support::traits::fungible::Inspect;
use proptest::prelude::*;
use sp_runtime::AccountId32;

use crate::{mock::committee::*, mock::*, *};

/// What somebody tries.
#[derive(Clone, Copy, Debug)]
enum Try {
    Skip,
    Dispute,
    Resolve { who: u8, uphold: bool },
    Lapse,
    Execute,
    ReportAgain,
    Withdraw,
    Attest { index: u8, byte: u8 },
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = prop_oneof![
        3 => Just(Try::Skip),
        4 => Just(Try::Dispute),
        8 => (0_u8..8, any::<bool>()).prop_map(|(who, uphold)| Try::Resolve { who, uphold }),
        2 => Just(Try::Lapse),
        2 => Just(Try::Execute),
        1 => Just(Try::ReportAgain),
        1 => Just(Try::Withdraw),
        1 => (0_u8..3, 8_u8..10).prop_map(|(index, byte)| Try::Attest { index, byte }),
    ];
    prop::collection::vec(one, 1..30)
}

fn arbiters() -> impl Strategy<Value = Arbiter> {
    prop_oneof![
        Just(Arbiter::Account(arbiter())),
        Just(Arbiter::Account(coordinator())),
        Just(Arbiter::Account(stranger())),
        Just(Arbiter::Council),
        Just(Arbiter::Attesters),
    ]
}

fn judge(who: u8) -> AccountId32 {
    match who {
        0 => arbiter(),
        1 => coordinator(),
        2 => stranger(),
        3 => council(),
        other => member((other - 4) % 3),
    }
}

fn attempt(step: Try) {
    // What fails changes nothing: the fuzz test sees to that.
    let _ = match step {
        Try::Skip => {
            skip(1);
            Ok(())
        }
        Try::Dispute => dispute(0, 0),
        Try::Resolve { who, uphold } => resolve(&judge(who), 0, uphold),
        Try::Lapse => lapse(0, 0),
        Try::Execute => execute(0, 0),
        Try::ReportAgain => report_two(2, 0, 0),
        Try::Withdraw => send(&member(0), Call::withdraw { federation: 0, account: member(0) }),
        Try::Attest { index, byte } => attest(0, index, hash(byte), 1),
    };
}

/// How often each end was reported for member 0: executed, upheld, overturned.
fn ends() -> (usize, usize, usize) {
    let is_of = |account: &AccountId32| *account == member(0);
    let (mut slashed, mut upheld, mut overturned) = (0, 0, 0);
    for event in events() {
        match event {
            Event::Slashed { account, .. } if is_of(&account) => slashed += 1,
            Event::OffenceUpheld { account, .. } if is_of(&account) => upheld += 1,
            Event::OffenceOverturned { account, .. } if is_of(&account) => overturned += 1,
            _ => {}
        }
    }
    (slashed, upheld, overturned)
}

/// Check what moved against the table. `shares` tells whether the reporter may be paid.
fn check_table(shares: bool, reporter_before: Balance, issuance: Balance) {
    let (slashed, upheld, overturned) = ends();
    assert!(slashed + overturned <= 1 && upheld + overturned <= 1, "an offence ended twice");
    let taken = if slashed == 1 { STAKE / 2 } else { 0 };
    let burned_bond = if upheld == 1 { BOND } else { 0 };
    let shared = if shares { taken / 5 } else { 0 };
    assert_eq!(Balances::total_balance(&member(0)), ENDOWMENT - taken - burned_bond);
    assert_eq!(Balances::total_balance(&stranger()), reporter_before + shared);
    // The other members may void their seats, but are not executed here.
    assert_eq!(Balances::total_issuance(), issuance - (taken - shared) - burned_bond);
    let state = offence(0, 0).expect("the record stays").state;
    let is_disputed = matches!(state, OffenceState::Disputed(_));
    let bond = if is_disputed { BOND } else { 0 };
    assert_eq!(held(HoldReason::DisputeBond, &member(0)), bond);
    assert_eq!(state == OffenceState::Executed, slashed == 1);
    assert_eq!(state == OffenceState::Overturned, overturned == 1);
    assert_eq!(participant(0).pending_offences, u32::from(state.waits()));
    let round = round(0).pending_offences;
    assert!(round >= participant(0).pending_offences && round <= 3);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_path_moves_what_the_table_says(
        judged_by in arbiters(),
        reporter in prop_oneof![Just(2_u8), Just(1), Just(10)],
        steps in tries(),
    ) {
        with_committee(|terms| terms.arbiter = judged_by, || {
            let before = Balances::total_balance(&stranger());
            let issuance = Balances::total_issuance();
            report_two(reporter, 0, 0).expect("reports");
            for step in steps {
                attempt(step);
                check_table(reporter == 2, before, issuance);
                Bcfl::do_try_state().expect("invariants hold");
            }
            // And there is always an end.
            skip(10);
            if lapse(0, 0).is_err() {
                let _ = execute(0, 0);
            }
            check_table(reporter == 2, before, issuance);
            let state = offence(0, 0).expect("the record stays").state;
            assert!(!state.waits(), "nothing waits for ever: {state:?}");
        });
    }
}
