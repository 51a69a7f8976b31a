// SPDX-License-Identifier: Apache-2.0

use frame_support::assert_noop;
use sp_core::H256;

use crate::{encoding::Leaf, mock::*, Outcome::*, *};

/// Members 0, 1 and 2 committed; the settlement says that member 0 revealed this.
fn settled_with(revealed: H256) -> ProvenLeaf {
    three_commit(0);
    let first = Leaf { revealed, ..leaf(0, Accepted, 100) };
    let others = (1..3).map(|index| leaf(index, Accepted, 100));
    let proven = settle_by_root(0, std::iter::once(first).chain(others).collect());
    proven.into_iter().find(|proven| proven.leaf.account == member(0)).expect("a leaf")
}

fn report(proven: &ProvenLeaf) -> sp_runtime::DispatchResult {
    let ProvenLeaf { leaf, index, proof } = proven.clone();
    let call = Call::report_mismatch { federation: 0, round: 0, leaf, index, proof };
    send(&stranger(), call)
}

#[test]
fn fails_on_the_word_of_the_coordinator_alone() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        let proven = settled_with(hash(0x99));
        assert_noop!(report(&proven), Error::<Test>::NotAttested);
    });
}
