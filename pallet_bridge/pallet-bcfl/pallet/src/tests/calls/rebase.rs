// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::votes::*, mock::*, *};

const OTHER: H256 = H256::repeat_byte(0x5a);

fn rebase(who: &AccountId32) -> DispatchResult {
    send(who, Call::rebase { federation: 0, model: OTHER })
}

#[test]
fn success_by_the_coordinator() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(rebase(&coordinator()));
        assert_eq!(federation(0).model, Some(OTHER));
        assert_eq!(events().last(), Some(&Event::Rebased { federation: 0, model: OTHER }));
    });
}

#[test]
fn success_by_the_council() {
    let council_governs = |terms: &mut Terms| terms.governance = Governance::Council;
    ExtBuilder::default().terms(council_governs).members(1).build_and_execute(|| {
        assert_ok!(rebase(&council()));
        assert_eq!(federation(0).model, Some(OTHER));
        assert_noop!(rebase(&coordinator()), Error::<Test>::NotGovernance);
    });
}

#[test]
fn round_goes_on_from_its_own_model_unless_another_was_named() {
    let mut federation = Federation::new(coordinator(), hash(1), 0);
    federation.go_on_from(hash(2), hash(3));
    assert_eq!(federation.model, Some(hash(3)));
    federation.go_on_from(hash(3), hash(4));
    assert_eq!(federation.model, Some(hash(4)));
    federation.model = Some(OTHER);
    federation.go_on_from(hash(4), hash(5));
    assert_eq!(federation.model, Some(OTHER));
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(rebase(&coordinator()), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_while_closing() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(rebase(&coordinator()), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_others_than_the_governance() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for who in [member(0), council(), stranger()] {
            assert_noop!(rebase(&who), Error::<Test>::NotGovernance);
        }
    });
    members_govern(1).build_and_execute(|| {
        for who in [member(0), council(), coordinator()] {
            assert_noop!(rebase(&who), Error::<Test>::NotGovernance);
        }
    });
}

#[test]
fn fails_while_a_round_is_open() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(rebase(&coordinator()), Error::<Test>::RoundInProgress);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(rebase(&coordinator()));
    });
}
