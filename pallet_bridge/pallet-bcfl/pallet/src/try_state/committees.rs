// SPDX-License-Identifier: Apache-2.0

use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::Get};

use super::Check;
use crate::*;

impl<T: Config> Pallet<T> {
    /// Attesters are members, and counted; committees are of rounds that are there, nobody sits
    /// in one twice.
    pub(super) fn check_committees(id: FederationId, federation: &Federation) -> Check {
        let mut count = 0;
        for (account, attester) in Attesters::<T>::iter_prefix(id) {
            count = u32::saturating_add(count, 1);
            let is_member = Participants::<T>::contains_key(id, &account);
            ensure!(is_member, "an attester is no member");
            ensure!(attester.weight > 0, "an attester has no weight");
            let is_left = attester.leaves.is_none_or(|block| block >= attester.since);
            ensure!(is_left, "an attester left before it came");
        }
        ensure!(federation.attesters == count, "attesters are not counted right");
        ensure!(count <= T::MaxAttesters::get(), "more attesters than there are places");
        for (number, seats) in Committees::<T>::iter_prefix(id) {
            let round = Rounds::<T>::get(id, number).ok_or("a committee without round")?;
            let size = Self::try_terms(id, round.terms_version)?.committee_size;
            ensure!(weights::count(seats.len()) <= size, "more seats than the terms give");
            let accounts: BTreeSet<_> = seats.iter().map(|seat| &seat.account).collect();
            ensure!(accounts.len() == seats.len(), "one account has two seats");
        }
        Ok(())
    }
}
