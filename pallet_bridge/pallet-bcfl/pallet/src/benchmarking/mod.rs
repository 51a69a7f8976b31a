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
mod past;
mod scene;

use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::pallet_prelude::*;

use crate::{encoding::merkle_root, *};
use accounts::*;
use endings::*;
use past::*;
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

    /// With 16 vouchers, into an organisation; both have a record.
    #[benchmark]
    fn join() {
        let admission = Admission::Vouched(most_vouchers());
        let id = federation::<T>(Terms { admission, max_per_organisation: 2, ..terms::<T>() });
        let who = person::<T>("member", 0);
        vouchers::<T>(id, &who, usize::MAX);
        let name = organisation(u32::MAX);
        Organisations::<T>::insert(id, &name, 1);
        remembered::<T>(id, &who, name.clone());
        let terms_hash = terms_hash::<T>(id);
        revised::<T>(id);
        #[extrinsic_call]
        _(by::<T>(&who), id, T::MinStake::get(), terms_hash);
        assert!(Participants::<T>::contains_key(id, who));
        assert_eq!(Organisations::<T>::get(id, name), 2);
    }

    #[benchmark]
    fn add_stake() {
        let (id, who) = joined::<T>(terms::<T>());
        revised::<T>(id);
        #[extrinsic_call]
        _(by::<T>(&who), id, 1_000);
    }

    #[benchmark]
    fn unbond() {
        let (id, who) = attesters::<T>(1);
        revised::<T>(id);
        #[extrinsic_call]
        _(by::<T>(&who), id, 1);
    }

    /// A member with strikes leaves: its place among the attesters goes, and all that it did not
    /// wait for; its record and that of its organisation become worse.
    #[benchmark]
    fn withdraw() {
        let (id, who) = attesters::<T>(1);
        history::<T>(id, &who, 0..32, BlockNumber::MAX);
        let name = belongs::<T>(id, &who);
        remembered::<T>(id, &who, name);
        let active = Participants::<T>::get(id, &who).map_or(0, |member| member.active);
        Participants::<T>::mutate(id, &who, |record| {
            let member = record.as_mut().expect("it is there");
            member.unbond(active, WINDOW).expect("room");
            member.strikes = 1;
        });
        let since = Participants::<T>::get(id, &who).map_or(0, |member| member.held_since);
        change_federation::<T>(id, |federation| {
            federation.take_stake(active, since).expect("it is there");
        });
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(by::<T>(&who), id, who.clone());
        assert!(!Participants::<T>::contains_key(id, &who));
        assert_eq!(forfeited::<T>(id, &who, 0..32), 32);
    }

    /// The committees of the last rounds were silent: all their seats are offences, and who missed
    /// too much is dropped.
    #[benchmark]
    fn open_round() {
        let (id, _) = attesters::<T>(0);
        silent_rounds::<T>(id);
        revised::<T>(id);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(by::<T>(&founder()), id, MODEL);
        let left = Federations::<T>::get(id).map_or(0, |made| made.attesters);
        assert!(left < T::MaxAttesters::get());
        assert_eq!(pending::<T>((id, 2)), T::MaxCommittee::get());
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

    /// Each entry is the second that its account signed: an offence in place of a disputed one.
    #[benchmark]
    fn commit_batch(n: Linear<0, { T::MaxVerdicts::get() }>) {
        let id = federation::<T>(terms::<T>());
        let accounts = members::<T>(id, n);
        let place = open::<T>(id);
        commit_all::<T>(place, &accounts);
        accounts.iter().for_each(|who| accuse_mildly::<T>(place, who));
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

    /// After the deadline, with a full committee that said nothing of what there was.
    #[benchmark]
    fn abort() {
        let (id, first) = attesters::<T>(0);
        for index in T::MaxAttesters::get()..T::MaxCommittee::get() {
            holder::<T>(id, "attester", index);
        }
        let place = open::<T>(id);
        committee::<T>(place, &first, None);
        change_round::<T>(place, |round| round.commitments = 1);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id, place.1);
        assert_eq!(pending::<T>(place), T::MaxCommittee::get());
    }

    /// The reporter is paid, the attester retired, the rewards of 65 rounds are forfeited.
    #[benchmark]
    fn execute_slash() {
        let (id, who) = attesters::<T>(0);
        history::<T>(id, &who, 0..65, BlockNumber::MAX);
        let place = (id, 32);
        attest_root::<T>(place, Default::default());
        accuse::<T>(place, &who, OffenceState::Pending);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id, place.1, who.clone());
        assert_eq!(offence_state::<T>(place, &who), Some(OffenceState::Executed));
        assert_eq!(forfeited::<T>(id, &who, 0..65), 65);
    }

    /// Of one that left, with a record; each round has terms of its own.
    #[benchmark]
    fn claim(n: Linear<1, { T::MaxClaims::get() }>) {
        let (id, who) = joined::<T>(terms::<T>());
        history::<T>(id, &who, 0..n, WINDOW);
        Participants::<T>::remove(id, &who);
        remembered::<T>(id, &who, organisation(0));
        skip_to::<T>(LATER);
        let rounds = BoundedVec::truncate_from((0..n).collect());
        #[extrinsic_call]
        _(anyone::<T>(), id, who, rounds);
        assert_eq!(Federations::<T>::get(id).map(|made| made.owed), Some(0));
    }

    /// The second call: it releases the deposit, empties the escrow, and removes as many invitations
    /// and records as one call does.
    #[benchmark]
    fn close() {
        let id = federation::<T>(terms::<T>());
        admissions::<T>(id);
        Pallet::<T>::do_close(founder(), id).expect("it closes");
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id);
        let state = Federations::<T>::get(id).map(|made| made.state);
        assert_eq!(state, Some(FederationState::Closed));
        assert_eq!(Records::<T>::iter_key_prefix(id).count(), 1);
    }

    #[benchmark]
    fn set_terms() {
        let id = federation::<T>(terms::<T>());
        let version = revised::<T>(id);
        #[extrinsic_call]
        _(council::<T>() as T::RuntimeOrigin, id, terms::<T>());
        assert!(FederationTerms::<T>::contains_key(id, version.saturating_add(1)));
    }

    /// The last that there is a place for, beside those of others, all on terms.
    #[benchmark]
    fn propose() {
        let (id, who) = joined::<T>(democratic::<T>());
        revised::<T>(id);
        let proposal = Proposal::Terms(democratic::<T>().into());
        let others = T::MaxProposals::get().saturating_sub(1);
        for index in 0..others {
            let other = person::<T>("other", index);
            let stake = T::MinStake::get();
            Pallet::<T>::do_join(other.clone(), id, stake, terms_hash::<T>(id)).expect("it joins");
            Pallet::<T>::do_propose(other, id, proposal.clone()).expect("there is a place");
        }
        #[extrinsic_call]
        _(by::<T>(&who), id, proposal);
        assert!(Motions::<T>::contains_key(id, others));
    }

    /// With an organisation that has voted before.
    #[benchmark]
    fn vote() {
        let (id, who) = joined::<T>(democratic::<T>());
        let subject = Subject::Organisation(belongs::<T>(id, &who));
        voted::<T>(id, &who, Proposal::Terms(democratic::<T>().into()), 0);
        GroupVotes::<T>::insert((id, 0, &subject), 1);
        #[extrinsic_call]
        _(by::<T>(&who), id, 0, true);
        assert!(Votes::<T>::contains_key((id, 0, who)));
        assert!(GroupVotes::<T>::get((id, 0, subject)) > 1);
    }

    /// Another coordinator comes, with a bond like the one before; all votes go.
    #[benchmark]
    fn enact(n: Linear<0, { T::MaxVerdicts::get() }>) {
        let (id, who) = joined::<T>(democratic::<T>());
        voted::<T>(id, &who, Proposal::Coordinator(who.clone()), n);
        Bonds::<T>::insert(id, &who, Bond { amount: 1, free_at: Some(1) });
        revised::<T>(id);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(anyone::<T>(), id, 0, n);
        assert!(!Motions::<T>::contains_key(id, 0));
        assert!(GroupVotes::<T>::iter_key_prefix((id, 0)).next().is_none());
        assert_eq!(Bonds::<T>::get(id, who).and_then(|bond| bond.free_at), None);
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
        revised::<T>(id);
        skip_to::<T>(LATER);
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

    /// A second statement: an offence in place of a disputed one.
    #[benchmark]
    fn attest() {
        let (id, who) = attesters::<T>(0);
        let place = open::<T>(id);
        committee::<T>(place, &who, Some(REPORT));
        accuse_mildly::<T>(place, &who);
        skip_to::<T>(SEALED);
        #[extrinsic_call]
        _(by::<T>(&who), id, place.1, MODEL, MODEL);
        assert_eq!(pending::<T>(place), 1);
    }

    /// Two attestations that are on no chain yet, in place of a disputed offence.
    #[benchmark]
    fn report_equivocation() {
        let id = federation::<T>(terms::<T>());
        let account = members::<T>(id, 1).pop().expect("one");
        let place = open::<T>(id);
        committee::<T>(place, &account, None);
        accuse_mildly::<T>(place, &account);
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

    /// One that committed is not between two neighbours, at the end of two of the longest proofs; the
    /// bond pays all that it may.
    #[benchmark]
    fn report_bad_root() {
        let (place, who) = committed::<T>();
        let reporter = person::<T>("reporter", 0);
        let [before, after] = settle_twins::<T>(place, [0, u8::MAX].map(outermost));
        let (before, after) = (Some(before), Some(after));
        let proof = BadRoot::Omitted { account: who, before, after };
        #[extrinsic_call]
        _(by::<T>(&reporter), place.0, place.1, proof);
        let state = Rounds::<T>::get(place.0, place.1).map(|round| round.state);
        assert_eq!(state, Some(RoundState::Voided));
        assert!(compensation::<T>(place) > Some(0));
    }

    /// As many as may be commit an offence; the bond pays all that it may.
    #[benchmark]
    fn report_wrong_verdict(s: Linear<1, { T::MaxCommittee::get() }>) {
        let (place, _) = committed::<T>();
        settle_as::<T>(place, |_| ());
        refuted::<T>(place, s);
        #[extrinsic_call]
        _(anyone::<T>(), place.0, place.1);
        assert_eq!(pending::<T>(place), s.saturating_sub(1) >> 1);
        assert!(compensation::<T>(place) > Some(0));
    }

    #[benchmark]
    fn dispute() {
        let (place, who) = in_round::<T>();
        accuse::<T>(place, &who, OffenceState::Pending);
        #[extrinsic_call]
        _(by::<T>(&who), place.0, place.1);
        assert!(offence_state::<T>(place, &who) != Some(OffenceState::Pending));
    }

    /// The last vote of a full committee: the bond, a part of an attester's stake, is burned.
    #[benchmark]
    fn resolve() {
        let (id, who) = attesters::<T>(0);
        let place = open::<T>(id);
        let seat = person::<T>("seat", 0);
        committee::<T>(place, &seat, Some(MODEL));
        accuse::<T>(place, &who, disputed::<T>(true));
        #[extrinsic_call]
        _(by::<T>(&seat), place.0, place.1, who.clone(), true);
        assert_eq!(offence_state::<T>(place, &who), Some(OffenceState::Upheld));
    }

    #[benchmark]
    fn lapse() {
        let (place, who) = in_round::<T>();
        accuse::<T>(place, &who, disputed::<T>(false));
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

    /// Each of the two has a bond.
    #[benchmark]
    fn replace_coordinator() {
        let id = federation::<T>(terms::<T>());
        let who = person::<T>("coordinator", 0);
        Bonds::<T>::insert(id, &who, Bond { amount: 1, free_at: Some(1) });
        revised::<T>(id);
        #[extrinsic_call]
        _(council::<T>() as T::RuntimeOrigin, id, who.clone());
        assert_eq!(Federations::<T>::get(id).map(|made| made.coordinator), Some(who));
    }

    /// The last of 16 vouchers.
    #[benchmark]
    fn invite() {
        let admission = Admission::Vouched(most_vouchers());
        let id = federation::<T>(Terms { admission, ..terms::<T>() });
        let who = person::<T>("member", 0);
        let voucher = vouchers::<T>(id, &who, 15);
        let name = organisation(u32::MAX);
        revised::<T>(id);
        #[extrinsic_call]
        _(by::<T>(&voucher), id, who.clone(), name, u64::MAX);
        let found = Invitations::<T>::get(id, who).expect("it is there");
        assert!(found.vouchers.is_full());
    }

    #[benchmark]
    fn post_bond() {
        let id = federation::<T>(terms::<T>());
        #[extrinsic_call]
        _(by::<T>(&founder()), id, 1_000);
        let bond = Bonds::<T>::get(id, founder()).map_or(0, |bond| bond.amount);
        assert!(bond > T::MaxCoordinatorBond::get());
    }

    #[benchmark]
    fn withdraw_bond() {
        let id = federation::<T>(terms::<T>());
        let amount = T::MaxCoordinatorBond::get();
        Bonds::<T>::insert(id, founder(), Bond { amount, free_at: Some(1) });
        #[extrinsic_call]
        _(by::<T>(&founder()), id);
        assert!(!Bonds::<T>::contains_key(id, founder()));
    }

    #[benchmark]
    fn rebase() {
        let id = federation::<T>(terms::<T>());
        revised::<T>(id);
        #[extrinsic_call]
        _(council::<T>() as T::RuntimeOrigin, id, REPORT);
        assert_eq!(Federations::<T>::get(id).and_then(|made| made.model), Some(REPORT));
    }

    /// Of a settled round: the bond pays all that it may.
    #[benchmark]
    fn report_misconduct() {
        let (place, who) = committed::<T>();
        let coordinator = signer::<T>(0);
        coordinated_by::<T>(place, &coordinator);
        settle_and_owe::<T>(place, &who);
        let proof = misconduct::<T>(place, &coordinator);
        let reporter = person::<T>("reporter", 0);
        #[extrinsic_call]
        _(by::<T>(&reporter), place.0, place.1, proof);
        let state = Rounds::<T>::get(place.0, place.1).map(|round| round.state);
        assert_eq!(state, Some(RoundState::Voided));
        assert!(compensation::<T>(place) > Some(0));
    }

    /// After a round that was called off: its committee is handed on.
    #[benchmark]
    fn skip_round() {
        let (id, first) = attesters::<T>(0);
        let place = open::<T>(id);
        committee::<T>(place, &first, Some(MODEL));
        change_federation::<T>(id, |federation| federation.end_round());
        change_round::<T>(place, |round| {
            round.state = RoundState::Aborted;
            round.ended_at = Some(round.opened_at);
        });
        #[extrinsic_call]
        _(by::<T>(&founder()), id);
        assert!(Committees::<T>::contains_key(id, 1));
    }

    /// The last sponsor: the founder gets the rest.
    #[benchmark]
    fn refund() {
        let id = federation::<T>(terms::<T>());
        let sponsor = person::<T>("sponsor", 0);
        let amount = T::MinStake::get();
        Pallet::<T>::do_fund(sponsor.clone(), id, amount).expect("it pays");
        Sponsors::<T>::remove(id, founder());
        change_federation::<T>(id, |federation| {
            federation.sponsors = 1;
            federation.state = FederationState::Closed;
            federation.left = Pallet::<T>::escrow_funds(id);
        });
        #[extrinsic_call]
        _(anyone::<T>(), id, sponsor.clone());
        assert!(!Sponsors::<T>::contains_key(id, sponsor));
    }

    /// In place of others that wait.
    #[benchmark]
    fn name_successors() {
        let id = federation::<T>(terms::<T>());
        let succession = successors();
        let office = Office { pending: Some(pending_successors()), ..in_office() };
        Offices::<T>::insert(id, office);
        revised::<T>(id);
        #[extrinsic_call]
        _(council::<T>() as T::RuntimeOrigin, id, succession.clone());
        let office = Offices::<T>::get(id).expect("it is there");
        assert_eq!(office.pending.map(|pending| pending.succession), Some(succession));
    }

    /// Of a late round with a full committee that said nothing of what there was. Each of the two
    /// has a bond.
    #[benchmark]
    fn take_over() {
        let (id, first) = attesters::<T>(0);
        for index in T::MaxAttesters::get()..T::MaxCommittee::get() {
            holder::<T>(id, "attester", index);
        }
        let place = open::<T>(id);
        committee::<T>(place, &first, None);
        change_round::<T>(place, |round| round.commitments = 1);
        let who = rich::<T>(account("successor", 7, 0));
        Bonds::<T>::insert(id, &who, Bond { amount: 1, free_at: Some(1) });
        Offices::<T>::insert(id, Office { pending: Some(pending_successors()), ..in_office() });
        revised::<T>(id);
        skip_to::<T>(LATER);
        #[extrinsic_call]
        _(by::<T>(&who), id);
        assert_eq!(pending::<T>(place), T::MaxCommittee::get());
        assert_eq!(Federations::<T>::get(id).map(|made| made.coordinator), Some(who));
    }

    #[benchmark]
    fn pause() {
        let id = federation::<T>(terms::<T>());
        Offices::<T>::insert(id, Office { pending: Some(pending_successors()), ..in_office() });
        #[extrinsic_call]
        _(by::<T>(&founder()), id, LATER);
        assert!(Offices::<T>::get(id).is_some_and(|office| office.pause.is_some()));
    }

    /// In place of another key.
    #[benchmark]
    fn bind_node_key() {
        let (id, who) = joined::<T>(terms::<T>());
        let proof = NodeProof::truncate_from(alloc::vec![7; 144]);
        let bound = NodeKey { key: MODEL, proof };
        NodeKeys::<T>::insert(id, &who, NodeKey { key: REPORT, ..bound.clone() });
        #[extrinsic_call]
        _(by::<T>(&who), id, Some(bound.clone()));
        assert_eq!(NodeKeys::<T>::get(id, &who), Some(bound));
    }

    #[benchmark]
    fn fund_fees() {
        let id = federation::<T>(terms::<T>());
        let amount = T::MinStake::get();
        #[extrinsic_call]
        _(by::<T>(&founder()), id, amount);
        assert!(Pallet::<T>::purse_funds(id) > 0);
    }

    impl_benchmark_test_suite!(Pallet, new_test_ext(), mock::Test);
}
