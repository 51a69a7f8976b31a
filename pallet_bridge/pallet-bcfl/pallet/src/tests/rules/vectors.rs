// SPDX-License-Identifier: Apache-2.0
//! Vectors that Rust and Python both read. With `BCFL_WRITE_VECTORS=1` the files are written, else
//! they must be what the code gives.

use sp_core::{hexdisplay::HexDisplay, sr25519, H256};
use std::path::PathBuf;

use crate::{
    encoding::{
        attest_statement, commitment_hash, merkle_proof, merkle_root, refute_statement, statement,
        to_sign_attest, to_sign_instruction, Binding, Context, Leaf,
    },
    mock::*,
    *,
};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name)
}

pub(super) fn hex(bytes: impl AsRef<[u8]>) -> String {
    HexDisplay::from(&bytes.as_ref()).to_string()
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    sp_core::bytes::from_hex(hex).expect("hex").try_into().expect("the right length")
}

pub(super) fn check(name: &str, head: &str, rows: Vec<Vec<String>>) {
    let mut text = format!("{}\n", head.replace(' ', "\t"));
    for row in rows {
        text.push_str(&row.join("\t"));
        text.push('\n');
    }
    if std::env::var_os("BCFL_WRITE_VECTORS").is_some() {
        std::fs::write(file(name), &text).expect("the vectors are written");
    }
    let stored = std::fs::read_to_string(file(name)).expect("the vectors are there");
    assert_eq!(stored, text, "{name}: the encoding changed, so its version must");
}

fn contexts() -> Vec<(Context, u64)> {
    let context = |byte, federation, round, index| Context {
        genesis: hash(byte),
        federation,
        round,
        account: account(index),
    };
    vec![
        (Context { genesis: hash(0), federation: 0, round: 0, account: [0; 32].into() }, 0),
        (context(0x11, 1, 2, 3), 600),
        (context(0x11, 1, 3, 3), 600),
        (context(0x11, 2, 2, 3), 600),
        (context(0x12, 1, 2, 3), 600),
        (context(0x11, 1, 2, 4), 600),
        (context(0xff, u32::MAX, u32::MAX, 255), u64::MAX),
        (context(0xab, 256, 65_536, 77), 1 << 32),
    ]
}

fn columns(context: &Context) -> Vec<String> {
    vec![
        hex(context.genesis),
        context.federation.to_string(),
        context.round.to_string(),
        hex(&context.account),
    ]
}

#[test]
fn commitment() {
    let rows = contexts().into_iter().enumerate().map(|(index, (context, _))| {
        let (digest, salt) = (hash(0xd0 + index as u8), [0x50 + index as u8; 32]);
        let commitment = commitment_hash(&context.account, digest, salt);
        vec![hex(&context.account), hex(digest), hex(salt), hex(commitment)]
    });
    check("commitment.tsv", "account update_digest salt commitment", rows.collect());
}

/// What a round of these tests is bound to.
fn binding(index: u8) -> Binding {
    Binding {
        coordinator: account(0x40 + index),
        base_model: hash(0xb0 + index),
        terms_hash: hash(0x20 + index),
    }
}

fn bound(binding: &Binding) -> Vec<String> {
    vec![hex(&binding.coordinator), hex(binding.base_model), hex(binding.terms_hash)]
}

#[test]
fn statements() {
    let rows = contexts().into_iter().enumerate().map(|(index, (context, examples))| {
        let (commitment, binding) = (hash(0xc0 + index as u8), binding(index as u8));
        let message = statement(&context, &binding, commitment, examples);
        let rest = [hex(commitment), examples.to_string(), hex(message)];
        [columns(&context), bound(&binding), rest.to_vec()].concat()
    });
    let head = "genesis federation round account coordinator base_model terms_hash commitment \
                num_examples message";
    check("statement.tsv", head, rows.collect());
}

#[test]
fn instructions() {
    let rows = contexts().into_iter().enumerate().map(|(index, (context, expires))| {
        let (place, binding) = ((context.federation, context.round), binding(index as u8));
        let message = to_sign_instruction(context.genesis, place, &binding, expires);
        let rest = [expires.to_string(), hex(message)];
        [columns(&context)[..3].to_vec(), bound(&binding), rest.to_vec()].concat()
    });
    let head = "genesis federation round coordinator base_model terms_hash expires message";
    check("instruction.tsv", head, rows.collect());
}

fn leaves() -> Vec<Leaf> {
    let leaf = |index: u8, outcome, score, strikes, reward, reason| Leaf {
        account: account(index),
        commitment: hash(index),
        revealed: hash(0x60 + index),
        outcome,
        score,
        strikes,
        reward,
        reason,
    };
    vec![
        leaf(1, Outcome::Accepted, 0, 0, 0, 0),
        leaf(2, Outcome::Accepted, 1_234_567, 1, 10_000_000_000_000, 0),
        leaf(3, Outcome::Rejected, -1, 3, 0, 7),
        leaf(4, Outcome::Rejected, i64::MIN, u32::MAX, 0, 255),
        leaf(5, Outcome::Accepted, i64::MAX, 0, u128::MAX, 0),
        leaf(6, Outcome::Excluded, 5, 0, 0, 9),
    ]
}

#[test]
fn leaf() {
    let rows = leaves().into_iter().map(|leaf| {
        let outcome = match leaf.outcome {
            Outcome::Accepted => 0,
            Outcome::Rejected => 1,
            Outcome::Excluded => 2,
        };
        vec![
            hex(&leaf.account),
            hex(leaf.commitment),
            hex(leaf.revealed),
            outcome.to_string(),
            leaf.score.to_string(),
            leaf.strikes.to_string(),
            leaf.reward.to_string(),
            leaf.reason.to_string(),
            hex(leaf.hash()),
        ]
    });
    let head = "account commitment revealed outcome score strikes reward reason leaf";
    check("leaf.tsv", head, rows.collect());
}

#[test]
fn root() {
    let rows = (0..=9).map(|count| {
        let leaves: Vec<H256> = (0..count).map(|index| hash(0x30 + index)).collect();
        let list: Vec<String> = leaves.iter().map(hex).collect();
        vec![list.join(","), hex(merkle_root(leaves))]
    });
    check("root.tsv", "leaves root", rows.collect());
}

#[test]
fn proof() {
    let mut rows = vec![];
    for count in 1..=9_u32 {
        let leaves: Vec<H256> = (0..count).map(|index| hash(0x30 + index as u8)).collect();
        for index in 0..count {
            let siblings: Vec<String> = merkle_proof(&leaves, index).iter().map(hex).collect();
            rows.push(vec![
                hex(merkle_root(leaves.clone())),
                hex(leaves[index as usize]),
                index.to_string(),
                count.to_string(),
                siblings.join(","),
            ]);
        }
    }
    check("proof.tsv", "root leaf index count proof", rows);
}

#[test]
fn attest() {
    let rows = contexts().into_iter().enumerate().map(|(index, (context, _))| {
        let [model, report, root] = [0x70, 0x80, 0x90].map(|byte| hash(byte + index as u8));
        let place = (context.federation, context.round);
        let terms = hash(0xa0 + index as u8);
        let statement = attest_statement(context.genesis, place, terms, (model, report, root));
        let message = to_sign_attest(&context, statement);
        let rest = [terms, model, report, root, statement].map(hex).into_iter();
        let rest: Vec<String> = rest.chain([hex(message)]).collect();
        [columns(&context), rest].concat()
    });
    let head = "genesis federation round account terms_hash model report root statement message";
    check("attest.tsv", head, rows.collect());
}

#[test]
fn refute() {
    let rows = contexts().into_iter().enumerate().map(|(index, (context, _))| {
        let [model, report, root] = [0x70, 0x80, 0x90].map(|byte| hash(byte + index as u8));
        let place = (context.federation, context.round);
        let terms = hash(0xa0 + index as u8);
        let statement = refute_statement(context.genesis, place, terms, (model, report, root));
        let message = to_sign_attest(&context, statement);
        let rest = [terms, model, report, root, statement].map(hex).into_iter();
        let rest: Vec<String> = rest.chain([hex(message)]).collect();
        [columns(&context), rest].concat()
    });
    let head = "genesis federation round account terms_hash model report root statement message";
    check("refute.tsv", head, rows.collect());
}

/// Budgets, the most that one gets, weights in ascending order of accounts, and the rewards.
#[test]
fn reward() {
    let cases: [(Balance, Balance, &[u32]); 12] = [
        (300, 300, &[1, 1]),
        (100, 100, &[1, 1, 1]),
        (2, 2, &[1, 1, 1]),
        (7, 7, &[0, 5, 0]),
        (100, 100, &[0, 0]),
        (1_000_000_000_000, 1_000_000_000_000, &[3, 1, 4, 1, 5, 9, 2, 6]),
        (u128::MAX, u128::MAX, &[u32::MAX, 1, u32::MAX]),
        (0, 0, &[1, 2]),
        (300, 75, &[1, 1]),
        (1_000, 333, &[5, 3, 1, 1]),
        (1_000_000_000_000, 130_000_000_000, &[3, 1, 4, 1, 5, 9, 2, 6]),
        (11, 0, &[2, 9]),
    ];
    let list = |values: Vec<String>| values.join(",");
    let rows = cases.map(|(budget, cap, weights)| {
        let verdict = |weight: &u32| Verdict { weight: *weight, ..verdict(0, Outcome::Accepted) };
        let verdicts: Vec<Verdict> = weights.iter().map(verdict).collect();
        let rewards = rules::split_rewards(budget, cap, &verdicts).expect("no overflow");
        vec![
            budget.to_string(),
            cap.to_string(),
            list(weights.iter().map(u32::to_string).collect()),
            list(rewards.iter().map(Balance::to_string).collect()),
        ]
    });
    check("reward.tsv", "budget cap weights rewards", rows.to_vec());
}

#[test]
fn escrow() {
    let rows = [0, 1, 255, 256, u32::MAX]
        .map(|federation| vec![federation.to_string(), hex(Bcfl::escrow_account(federation))]);
    check("escrow.tsv", "federation account", rows.to_vec());
}

/// Signatures differ from one signing to the next: these were made once, and are only verified.
#[test]
fn signature() {
    let text = std::fs::read_to_string(file("signature.tsv")).expect("the vectors are there");
    let mut seen = [0, 0];
    for line in text.lines().skip(1) {
        let [public, message, signature, valid] =
            line.split('\t').collect::<Vec<_>>().try_into().expect("four columns");
        let public = sr25519::Public::from_raw(bytes(public));
        let signature = sr25519::Signature::from_raw(bytes(signature));
        let is_valid = sp_io::crypto::sr25519_verify(&signature, &bytes::<32>(message), &public);
        assert_eq!(is_valid, valid == "1", "{line}");
        seen[usize::from(is_valid)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0);
}
