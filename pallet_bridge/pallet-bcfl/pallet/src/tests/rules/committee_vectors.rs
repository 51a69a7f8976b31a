// SPDX-License-Identifier: Apache-2.0
//! Vectors of the randomness and the draw, for those who check a committee off chain.

use sp_core::H256;

use super::vectors::{check, hex};
use crate::{draw::draw, encoding::Context, mock::*, randomness::mix, Balance};

#[test]
fn seed() {
    let context = |federation, round, index| Context {
        genesis: hash(0x11),
        federation,
        round,
        account: account(index),
    };
    let mut before = H256::zero();
    let rows = [(0, 0, 1), (0, 0, 2), (0, 1, 1), (7, 1, 1), (u32::MAX, u32::MAX, 255)];
    let rows = rows.into_iter().enumerate().map(|(number, (federation, round, index))| {
        let context = context(federation, round, index);
        let preimage = hash(0x60 + number as u8);
        let after = mix(before, &context, preimage);
        let row = vec![
            hex(before),
            hex(context.genesis),
            federation.to_string(),
            round.to_string(),
            hex(&context.account),
            hex(preimage),
            hex(after),
        ];
        before = after;
        row
    });
    check("seed.tsv", "before genesis federation round account preimage after", rows.collect());
}

#[test]
fn drawn() {
    let few: Vec<(H256, Balance)> = vec![(hash(9), 5), (hash(1), 5), (hash(5), 0)];
    let many: Vec<(H256, Balance)> =
        (1..=9).map(|index| (hash(index), 1 << (14 * Balance::from(index)))).collect();
    let even: Vec<(H256, Balance)> = (1..=9).map(|index| (hash(index), 1_000)).collect();
    let mut rows = vec![];
    for (number, (candidates, seats)) in
        [(few, 3), (many.clone(), 4), (many, 32), (even.clone(), 5), (even, 1)].iter().enumerate()
    {
        for federation in [0, 258] {
            let seed = hash(0xe0 + number as u8);
            let result = draw(seed, federation, candidates.clone(), *seats);
            let list = |all: &[(H256, Balance)]| {
                let all = all.iter().map(|(account, weight)| format!("{}:{weight}", hex(account)));
                all.collect::<Vec<_>>().join(",")
            };
            rows.push(vec![
                hex(seed),
                federation.to_string(),
                seats.to_string(),
                list(candidates),
                list(&result),
            ]);
        }
    }
    check("draw.tsv", "seed federation seats candidates drawn", rows);
}
