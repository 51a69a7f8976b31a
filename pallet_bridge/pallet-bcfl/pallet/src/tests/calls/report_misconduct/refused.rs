// SPDX-License-Identifier: Apache-2.0
//! What proves no misconduct.

use super::*;

#[test]
fn fails_for_what_the_round_is() {
    scene(
        |_| {},
        || {
            let Round { base_model, terms_hash, .. } = round(0);
            let same = instruction_of(0, base_model, terms_hash);
            assert_noop!(report(same), Error::<Test>::NotMisconduct);
        },
    );
}

#[test]
fn fails_for_a_number_that_was_skipped() {
    ExtBuilder::default().terms(bonded).members(3).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::skip_round { federation: 0 }));
        assert_noop!(report(other_model()), Error::<Test>::NotMisconduct);
    });
}

#[test]
fn fails_for_what_the_coordinator_did_not_sign() {
    scene(
        |_| {},
        || {
            let terms_hash = round(0).terms_hash;
            // Of another round, changed after signing, and signed by a stranger.
            let elsewhere = instruction_of(1, hash(0xbc), terms_hash);
            assert_noop!(report(elsewhere), Error::<Test>::ProofInvalid);
            let MisconductProof::Instruction { expires, signature, .. } = other_model();
            let changed = |base_model, expires| MisconductProof::Instruction {
                base_model,
                terms_hash,
                expires,
                signature,
            };
            assert_noop!(report(changed(hash(0xbe), expires)), Error::<Test>::ProofInvalid);
            let late = changed(hash(0xbc), expires + 1);
            assert_noop!(report(late), Error::<Test>::ProofInvalid);
            let signature = pair(2).sign(&[7; 32]);
            let (base_model, expires) = (hash(0xbc), 9);
            let forged =
                MisconductProof::Instruction { base_model, terms_hash, expires, signature };
            assert_noop!(report(forged), Error::<Test>::ProofInvalid);
        },
    );
}

#[test]
fn fails_for_the_second_time() {
    scene(
        |_| {},
        || {
            assert_ok!(report(other_model()));
            let again = instruction_of(0, hash(0xb1), round(0).terms_hash);
            assert_noop!(report(again), Error::<Test>::AlreadyReported);
        },
    );
}

#[test]
fn fails_after_the_window() {
    scene(
        |_| {},
        || {
            skip_to(round(0).settle_until + terms().dispute_blocks + 1);
            assert_noop!(report(other_model()), Error::<Test>::ReportWindowClosed);
        },
    );
    scene(
        |_| {},
        || {
            skip_to(7);
            assert_ok!(settle(0, vec![verdict(1, Accepted)]));
            skip_to(settlement(0).dispute_until + 1);
            assert_noop!(report(other_model()), Error::<Test>::ReportWindowClosed);
        },
    );
}

#[test]
fn fails_for_unknown_federation_and_round() {
    scene(
        |_| {},
        || {
            let proof = other_model();
            let report = |federation, round| {
                let proof = proof.clone();
                send(&stranger(), Call::report_misconduct { federation, round, proof })
            };
            assert_noop!(report(1, 0), Error::<Test>::FederationNotFound);
            assert_noop!(report(0, 1), Error::<Test>::RoundNotFound);
        },
    );
}
