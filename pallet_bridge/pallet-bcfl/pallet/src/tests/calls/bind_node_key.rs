// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::*, *};

fn key(byte: u8) -> Option<NodeKey> {
    let proof = vec![byte; usize::from(byte)].try_into().expect("a short proof");
    Some(NodeKey { key: hash(byte), proof })
}

fn bind(who: &AccountId32, bound: Option<NodeKey>) -> DispatchResult {
    send(who, Call::bind_node_key { federation: 0, bound })
}

#[test]
fn success_is_replaced_and_cleared() {
    ExtBuilder::default().members(2).build_and_execute(|| {
        let (federation, account) = (0, member(0));
        assert_ok!(bind(&member(0), key(7)));
        let bound = Event::NodeKeyBound { federation, account: account.clone(), key: hash(7) };
        assert_eq!(events().last(), Some(&bound));
        assert_ok!(bind(&member(0), key(8)));
        assert_eq!(NodeKeys::<Test>::get(0, member(0)), key(8));
        // The chain sees no machine: another member may claim the same key.
        assert_ok!(bind(&member(1), key(8)));
        assert_ok!(bind(&member(0), None));
        let cleared = Event::NodeKeyCleared { federation, account };
        assert_eq!(events().last(), Some(&cleared));
        assert_eq!(NodeKeys::<Test>::get(0, member(0)), None);
        assert_eq!(NodeKeys::<Test>::get(0, member(1)), key(8));
    });
}

#[test]
fn success_ends_with_the_membership() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(bind(&member(0), key(7)));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        skip_to(chunks(0)[0].1);
        assert_ok!(send(&member(0), Call::withdraw { federation: 0, account: member(0) }));
        assert_eq!(NodeKeys::<Test>::get(0, member(0)), None);
    });
}

#[test]
fn fails_for_others_than_members() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(bind(&stranger(), key(7)), Error::<Test>::NotParticipant);
        let unknown = Call::bind_node_key { federation: 9, bound: key(7) };
        assert_noop!(send(&member(0), unknown), Error::<Test>::FederationNotFound);
    });
}
