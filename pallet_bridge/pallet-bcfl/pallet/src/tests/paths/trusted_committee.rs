// SPDX-License-Identifier: Apache-2.0
//! What a seat binds, and how many an organisation has.

use frame_support::assert_ok;
use sp_core::H256;

use crate::{mock::committee::*, mock::*, *};

/// Attesters 0 and 1 of one organisation and 2 of another, by weight in that order.
fn organised(size: u32, test: impl FnOnce()) {
    let invited = move |terms: &mut Terms| {
        terms.admission = Admission::Invited;
        terms.committee_size = size;
    };
    ExtBuilder::default().terms(invited).members(0).build_and_execute(|| {
        for (index, of) in [(0, b"one"), (1, b"one"), (2, b"two")] {
            admit(index, of);
            assert_ok!(join(&member(index), 900 - 100 * Balance::from(index)));
            assert_ok!(register(index));
        }
        skip(1);
        test();
    });
}

#[test]
fn organisation_has_one_seat_of_the_heaviest() {
    organised(3, || {
        next_sealed();
        assert_eq!(seated(0), [0, 2]);
    });
}

#[test]
fn organisation_makes_room_for_the_next() {
    organised(2, || {
        next_sealed();
        assert_eq!(seated(0), [0, 2]);
    });
}

#[test]
fn organisation_has_one_seat_of_a_draw() {
    organised(3, || {
        next_sealed();
        for index in [0, 2] {
            assert_ok!(attest(0, index, H256::zero(), 1));
        }
        finish(0);
        assert!(federation(0).seeded);
        skip(1);
        next_sealed();
        let seats = seated(1);
        assert_eq!(seats.len(), 2);
        assert!(seats.contains(&2));
    });
}

#[test]
fn seat_under_signed_terms_holds_its_stake() {
    with_committee(
        |_| (),
        || {
            let until = round(0).settle_until + 2 * terms().dispute_blocks;
            for index in 0..3 {
                assert_eq!(participant(index).liable_until, until);
            }
        },
    );
}

fn under_terms_that_nobody_signed(test: impl FnOnce()) {
    with_committee(
        |_| (),
        || {
            finish(0);
            let longer = Terms {
                dispute_blocks: 40,
                unbonding_blocks: 100,
                notice_blocks: 100,
                retention_blocks: 50,
                ..terms()
            };
            assert_ok!(send(&coordinator(), Call::set_terms { federation: 0, terms: longer }));
            skip_the_notice();
            assert_ok!(open_round());
            assert_eq!((round(1).terms_version, seated(1).len()), (2, 3));
            test();
        },
    );
}

/// Whoever sets terms could hold the stake of attesters by giving them seats else.
#[test]
fn seat_under_terms_that_its_holder_did_not_sign_holds_nothing() {
    under_terms_that_nobody_signed(|| {
        assert!(participant(0).liable_until < round(1).opened_at);
        assert_ok!(resign(0));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_eq!(chunks(0), [(STAKE, System::block_number())]);
    });
}

#[test]
fn attestation_signs_the_terms_that_it_names() {
    under_terms_that_nobody_signed(|| {
        skip_to(round(1).commit_until + 1);
        // An abstention names none.
        assert_ok!(attest(1, 0, H256::zero(), 1));
        assert_eq!(participant(0).terms_version, 1);
        assert_ok!(attest(1, 0, statement(1, ROOT), 1));
        assert_eq!((participant(0).terms_version, participant(0).exit_blocks), (2, 17));
        assert_eq!(participant(0).liable_until, round(1).settle_until + 80);
    });
}
