// SPDX-License-Identifier: Apache-2.0
//! The draw of a committee: by stake, without replacement, with integers only.
use alloc::vec::Vec;
use codec::Encode;
use sp_core::{H256, U256};
use sp_io::hashing::blake2_256;

use crate::{Balance, FederationId};

/// Domain of the numbers that a draw uses.
pub const DRAW_DOMAIN: &str = "bcfl/draw/v1";

/// Draw up to `seats` candidates, in the order in which they are drawn. Each is drawn with the
/// chance of its share in the weight of those that are left; without weight it is never drawn.
///
/// The result depends on the seed, the federation and the set of candidates, and on nothing else:
/// not on their order, and not on the round, so that a round that is opened and aborted again and
/// again has the same committee each time.
pub fn draw<A: Ord>(
    seed: H256,
    federation: FederationId,
    mut candidates: Vec<(A, Balance)>,
    seats: u32,
) -> Vec<(A, Balance)> {
    candidates.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut total = candidates.iter().fold(0, |sum: Balance, (_, w)| sum.saturating_add(*w));
    let mut drawn = Vec::new();
    for place in 0..seats {
        let Some(point) = point(seed, federation, place, total) else { break };
        let Some(index) = find(&candidates, point) else { break };
        let (account, weight) = candidates.remove(index);
        total = total.saturating_sub(weight);
        drawn.push((account, weight));
    }
    drawn
}

/// A number below `total`. The remainder of 256 bits by less than 128 is uniform but for 2^-128.
fn point(seed: H256, federation: FederationId, place: u32, total: Balance) -> Option<Balance> {
    let bytes = (DRAW_DOMAIN, seed, federation, place).using_encoded(blake2_256);
    let rest = U256::from_little_endian(&bytes).checked_rem(U256::from(total))?;
    Balance::try_from(rest).ok()
}

/// The candidate whose stretch of the line of all weights holds the point.
fn find<A>(candidates: &[(A, Balance)], point: Balance) -> Option<usize> {
    let mut end: Balance = 0;
    candidates.iter().position(|(_, weight)| {
        end = end.saturating_add(*weight);
        point < end
    })
}

/// The candidates with the greatest weight, ties in the order of accounts: what sits before there
/// is any seed. It is known beforehand; the documentation says so.
pub fn heaviest<A: Ord>(mut candidates: Vec<(A, Balance)>, seats: u32) -> Vec<(A, Balance)> {
    candidates.retain(|(_, weight)| *weight > 0);
    candidates.sort_by(|(one, light), (other, heavy)| heavy.cmp(light).then(one.cmp(other)));
    candidates.truncate(usize::try_from(seats).unwrap_or(usize::MAX));
    candidates
}
