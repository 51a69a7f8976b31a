// SPDX-License-Identifier: Apache-2.0
//! Which machine speaks for a member.
use frame_support::pallet_prelude::*;

use crate::*;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_bind_node_key(
        account: T::AccountId,
        id: FederationId,
        bound: Option<NodeKey>,
    ) -> DispatchResult {
        Self::federation(id)?;
        Self::participant(id, &account)?;
        let event = match &bound {
            Some(NodeKey { key, .. }) => {
                Event::NodeKeyBound { federation: id, account: account.clone(), key: *key }
            }
            None => Event::NodeKeyCleared { federation: id, account: account.clone() },
        };
        NodeKeys::<T>::set(id, &account, bound);
        Self::deposit_event(event);
        Ok(())
    }
}
