// SPDX-License-Identifier: Apache-2.0
//! Each call in its worst case, with the length of its list as component.
//!
//! Worst is what reads and writes most, with records as large as the bounds let them be: full
//! training parameters, full unbonding queues, a full committee, the longest Merkle proofs. What
//! names the origin is a part of what is measured: it touches no storage.

#![allow(clippy::as_conversions, reason = "how the macro is told an origin's type")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a scene that cannot be set stops the benchmark"
)]

mod accounts;
mod endings;
mod scene;

use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::pallet_prelude::*;

use crate::{
    encoding::{merkle_root, Leaf},
    *,
};
use accounts::*;
use endings::*;
use scene::*;

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn create_federation() {
        let who = person::<T>("founder", 0);
        #[extrinsic_call]
        _(by::<T>(&who), terms::<T>(), MODEL);
        assert!(Federations::<T>::contains_key(0));
    }

    #[benchmark]
    fn fund() {
        let id = federation::<T>(terms::<T>());
        #[extrinsic_call]
        _(by::<T>(&founder()), id, 1_000);
    }

    #[benchmark]
    fn join() {
        let id = federation::<T>(terms::<T>());
        let who = person::<T>("member", 0);
        let terms_hash = terms_hash::<T>(id);
        #[extrinsic_call]
        _(by::<T>(&who), id, T::MinStake::get(), terms_hash);
        assert!(Participants::<T>::contains_key(id, who));
    }

    #[benchmark]
    fn add_stake() {
        let (id, who) = joined::<T>(terms::<T>());
        #[extrinsic_call]
        _(by::<T>(&who), id, 1_000);
    }

    #[benchmark]
    fn unbond() {
        let (id, who) = attesters::<T>(1);
        #[extrinsic_call]
        _(by::<T>(&who), id, 1);
    }

    /// A member whose queue is ripe leaves, and its place among the attesters goes with it.
    #[benchmark]
    fn withdraw() {
        let (id, who) = attesters::<T>(0);
        open::<T>(id);
        skip_to::<T>(LATER);
        change_federation::<T>(id, |federation| {
            federation.state = FederationState::Closing { ends: LATER };
        });
        #[extrinsic_call]
        _(anyone::<T>(), id, who.clone());
        assert!(!Participants::<T>::contains_key(id, who));
    }

    /// The committees of the last rounds were silent: who missed too much is dropped.
    #[benchmark]
    fn open_round() {
        let (id, _) = attesters::<T>(0);
        silent_rounds::<T>(id);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(by::<T>(&founder()), id, MODEL);
        let left = Federations::<T>::get(id).map_or(0, |made| made.attesters);
        assert!(left < T::MaxAttesters::get());
    }

    #[benchmark]
    fn commit() {
        let (id, who) = joined::<T>(Terms { quorum: Quorum::Count(1), ..terms::<T>() });
        let place = open::<T>(id);
        let (round, statement) = (place.1, said::<T>(place, &who, MODEL).into());
        #[extrinsic_call]
        _(by::<T>(&who), id, round, MODEL, 1, statement);
        assert!(Rounds::<T>::get(id, round).is_some_and(|round| round.sealed_at.is_some()));
    }

    /// Each entry is the second that its account signed: an offence.
    #[benchmark]
    fn commit_batch(n: Linear<0, { T::MaxVerdicts::get() }>) {
        let id = federation::<T>(terms::<T>());
        let accounts = members::<T>(id, n);
        let place = open::<T>(id);
        commit_all::<T>(place, &accounts);
        let entries: Vec<_> = accounts.iter().map(|who| entry::<T>(place, who)).collect();
        let entries = BoundedVec::truncate_from(entries);
        #[extrinsic_call]
        _(by::<T>(&founder()), id, place.1, entries);
        assert_eq!(pending::<T>(place), n);
    }

    /// Each verdict is an offence; all of a full committee attested them.
    #[benchmark]
    fn settle(n: Linear<0, { T::MaxVerdicts::get() }>) {
        let id = federation::<T>(terms::<T>());
        let accounts = members::<T>(id, n);
        let place = open::<T>(id);
        commit_all::<T>(place, &accounts);
        let leaves = accounts.iter().map(|who| rejected_leaf(who).hash()).collect();
        attest_root::<T>(place, merkle_root(leaves));
        skip_to::<T>(SEALED);
        let verdicts = accounts.iter().map(rejection).collect::<Vec<_>>();
        let verdicts = BoundedVec::truncate_from(verdicts);
        #[extrinsic_call]
        _(by::<T>(&founder()), id, place.1, MODEL, REPORT, verdicts);
        assert_eq!(pending::<T>(place), n);
    }

    /// After the deadline, with a full committee that said nothing.
    #[benchmark]
    fn abort() {
        let (id, first) = attesters::<T>(0);
        let place = open::<T>(id);
        committee::<T>(place, &first, None);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id, place.1);
    }

    /// The reporter is paid, the reward forfeited, the attester retired.
    #[benchmark]
    fn execute_slash() {
        let (id, who) = attesters::<T>(0);
        let place = open::<T>(id);
        commit_all::<T>(place, core::slice::from_ref(&who));
        attest_root::<T>(place, Default::default());
        settle_and_owe::<T>(place, &who);
        accuse::<T>(place, &who, OffenceState::Pending);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id, place.1, who.clone());
        assert_eq!(offence_state::<T>(place, &who), Some(OffenceState::Executed));
    }

    #[benchmark]
    fn claim(n: Linear<1, { T::MaxClaims::get() }>) {
        let (id, who) = joined::<T>(terms::<T>());
        for _ in 0..n {
            let place = open::<T>(id);
            commit_all::<T>(place, core::slice::from_ref(&who));
            settle_and_owe::<T>(place, &who);
        }
        skip_to::<T>(LATER);
        let rounds = BoundedVec::truncate_from((0..n).collect());
        #[extrinsic_call]
        _(anyone::<T>(), id, who, rounds);
        assert_eq!(Federations::<T>::get(id).map(|made| made.owed), Some(0));
    }

    /// The second call: it releases the deposit and empties the escrow.
    #[benchmark]
    fn close() {
        let id = federation::<T>(terms::<T>());
        Pallet::<T>::do_close(founder(), id).expect("it closes");
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id);
        let state = Federations::<T>::get(id).map(|made| made.state);
        assert_eq!(state, Some(FederationState::Closed));
    }

    #[benchmark]
    fn set_terms() {
        let id = revised::<T>(federation::<T>(terms::<T>()));
        #[extrinsic_call]
        _(council::<T>() as T::RuntimeOrigin, id, terms::<T>());
        assert!(FederationTerms::<T>::contains_key(id, 3));
    }

    #[benchmark]
    fn propose() {
        let (id, who) = joined::<T>(democratic::<T>());
        let proposal = Proposal::Terms(democratic::<T>().into());
        #[extrinsic_call]
        _(by::<T>(&who), id, proposal);
        assert!(Motions::<T>::contains_key(id, 0));
    }

    #[benchmark]
    fn vote() {
        let (id, who) = joined::<T>(democratic::<T>());
        voted::<T>(id, &who, 0);
        #[extrinsic_call]
        _(by::<T>(&who), id, 0, true);
        assert!(Votes::<T>::contains_key((id, 0, who)));
    }

    /// New terms come into force, and all votes go.
    #[benchmark]
    fn enact(n: Linear<0, { T::MaxVerdicts::get() }>) {
        let (id, who) = joined::<T>(democratic::<T>());
        voted::<T>(revised::<T>(id), &who, n);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id, 0, n);
        assert!(!Motions::<T>::contains_key(id, 0));
        assert!(FederationTerms::<T>::contains_key(id, 3));
    }

    #[benchmark]
    fn settle_root() {
        let (place, _) = in_round::<T>();
        attest_root::<T>(place, MODEL);
        skip_to::<T>(SEALED);
        #[extrinsic_call]
        _(by::<T>(&founder()), place.0, place.1, MODEL, REPORT, MODEL, Totals::default());
        assert!(Federations::<T>::get(place.0).is_some_and(|made| made.open_round.is_none()));
    }

    /// A rejection that is an offence, at the end of the longest proof.
    #[benchmark]
    fn apply_leaf() {
        let (place, who) = committed::<T>();
        let ProvenLeaf { leaf, index, proof } = settle_deep::<T>(place, rejected_leaf(&who));
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1, leaf, index, proof);
        assert_eq!(pending::<T>(place), 1);
    }

    /// An attester that was dropped comes back.
    #[benchmark]
    fn register_attester() {
        let (id, who) = attesters::<T>(0);
        let dropped = Attester { missed: MISSES_TO_DROP, ..Attester::new(MODEL, 1, 0) };
        Attesters::<T>::insert(id, &who, dropped);
        #[extrinsic_call]
        _(by::<T>(&who), id, REPORT);
        assert_eq!(Attesters::<T>::get(id, who).map(|attester| attester.tip), Some(REPORT));
    }

    #[benchmark]
    fn resign_attester() {
        let (id, who) = attesters::<T>(0);
        change_federation::<T>(id, |federation| federation.seeded = false);
        #[extrinsic_call]
        _(by::<T>(&who), id);
        assert!(!Attesters::<T>::contains_key(id, who));
    }

    /// A second statement: an offence.
    #[benchmark]
    fn attest() {
        let (id, who) = attesters::<T>(0);
        let place = open::<T>(id);
        committee::<T>(place, &who, Some(REPORT));
        skip_to::<T>(SEALED);
        #[extrinsic_call]
        _(by::<T>(&who), id, place.1, MODEL, MODEL);
        assert_eq!(pending::<T>(place), 1);
    }

    /// Two attestations that are on no chain yet.
    #[benchmark]
    fn report_equivocation() {
        let id = federation::<T>(terms::<T>());
        let account = members::<T>(id, 1).pop().expect("one");
        let place = open::<T>(id);
        committee::<T>(place, &account, None);
        let [first, second] = [MODEL, REPORT].map(|said| stated::<T>(place, &account, said));
        let proof = EquivocationProof::Attestations { account, first, second };
        #[extrinsic_call]
        _(anyone::<T>(), id, place.1, proof);
        assert_eq!(pending::<T>(place), 1);
    }

    #[benchmark]
    fn report_mismatch() {
        let (place, who) = in_round::<T>();
        commit_one::<T>(place, &who, hash_of(&who));
        let ProvenLeaf { leaf, index, proof } = settle_deep::<T>(place, other_update(&who));
        let settled = Rounds::<T>::get(place.0, place.1).and_then(|round| round.settlement);
        attest_root::<T>(place, settled.expect("it is settled").root);
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1, leaf, index, proof);
        assert_eq!(pending::<T>(place), 1);
    }

    /// One account twice, at the end of two of the longest proofs.
    #[benchmark]
    fn report_bad_root() {
        let (place, who) = committed::<T>();
        let leaf = rejected_leaf(&who);
        let twin = Leaf { score: 2, ..leaf.clone() };
        let [first, second] = settle_twins::<T>(place, [leaf, twin]);
        let proof = BadRoot::OutOfOrder { first, second };
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1, proof);
        let state = Rounds::<T>::get(place.0, place.1).map(|round| round.state);
        assert_eq!(state, Some(RoundState::Voided));
    }

    #[benchmark]
    fn dispute() {
        let (place, who) = in_round::<T>();
        accuse::<T>(place, &who, OffenceState::Pending);
        #[extrinsic_call]
        _(by::<T>(&who), place.0, place.1);
        assert!(offence_state::<T>(place, &who) != Some(OffenceState::Pending));
    }

    /// The last vote of a full committee clears the accused.
    #[benchmark]
    fn resolve() {
        let (place, who) = in_round::<T>();
        let seat = person::<T>("seat", 0);
        committee::<T>(place, &seat, Some(MODEL));
        accuse::<T>(place, &who, disputed::<T>());
        #[extrinsic_call]
        _(by::<T>(&seat), place.0, place.1, who.clone(), false);
        assert_eq!(offence_state::<T>(place, &who), Some(OffenceState::Overturned));
    }

    #[benchmark]
    fn lapse() {
        let (place, who) = in_round::<T>();
        accuse::<T>(place, &who, disputed::<T>());
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1, who.clone());
        assert_eq!(offence_state::<T>(place, &who), Some(OffenceState::Overturned));
    }

    #[benchmark]
    fn seal() {
        let (place, _) = in_round::<T>();
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1);
    }

    #[benchmark]
    fn expire() {
        let (place, who) = committed::<T>();
        settle_and_owe::<T>(place, &who);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1);
        assert_eq!(Federations::<T>::get(place.0).map(|made| made.owed), Some(0));
    }

    /// Half of the records are commitments, half offences; the last is the committee.
    #[benchmark]
    fn prune(n: Linear<1, { T::MaxVerdicts::get() }>) {
        let (place, who) = committed::<T>();
        settle_and_owe::<T>(place, &who);
        Commitments::<T>::remove((place.0, place.1, who));
        let others = n.saturating_sub(1);
        fill_round::<T>(place, others.div_ceil(2), others >> 1);
        committee::<T>(place, &founder(), Some(MODEL));
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1, n);
        assert!(!Committees::<T>::contains_key(place.0, place.1));
    }

    #[benchmark]
    fn replace_coordinator() {
        let id = federation::<T>(terms::<T>());
        let who = person::<T>("coordinator", 0);
        #[extrinsic_call]
        _(council::<T>() as T::RuntimeOrigin, id, who.clone());
        assert_eq!(Federations::<T>::get(id).map(|made| made.coordinator), Some(who));
    }

    impl_benchmark_test_suite!(Pallet, new_test_ext(), mock::Test);
}
