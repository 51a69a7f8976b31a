"""Calls as they are written down: plain JSON values under the names of the pallet."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pallet_bridge import calls
from pallet_bridge.errors import EncodingError
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import (
    AccountId,
    AccountOmitted,
    Admission,
    BadRoot,
    Leaf,
    LeafNotCommitted,
    LeavesOutOfOrder,
    MemberVerdict,
    Outcome,
    Planck,
    ProvenLeaf,
    UnsoundLeaf,
    Vouched,
    WrongInstruction,
)

ACCOUNT = AccountId(b"\x0a" * 32)
A, B, C = ("0x" + digit * 64 for digit in ("a", "b", "c"))
A_ACCOUNT = "0x" + "0a" * 32
LEAF = Leaf(ACCOUNT, b"\xbb" * 32, b"\xcc" * 32, Outcome.REJECTED, -3, 1, Planck(0), 7)
PROVEN = ProvenLeaf(LEAF, 4, (b"\xaa" * 32,))
WRITTEN = {
    "leaf": {
        "account": A_ACCOUNT,
        "commitment": B,
        "revealed": C,
        "outcome": "Rejected",
        "score": -3,
        "strikes": 1,
        "reward": 0,
        "reason": 7,
    },
    "index": 4,
    "proof": [A],
}


@pytest.mark.parametrize(
    ("call", "function", "args"),
    [
        (
            calls.join(3, Planck(7), b"\xaa" * 32),
            "join",
            {"federation": 3, "stake": 7, "terms_hash": A},
        ),
        (
            calls.commit(3, 9, b"\xaa" * 32, 5, b"\xbb" * 32),
            "commit",
            {"federation": 3, "round": 9, "commitment": A, "num_examples": 5, "statement": B},
        ),
        (
            calls.report_mismatch(3, 9, PROVEN),
            "report_mismatch",
            {"federation": 3, "round": 9, **WRITTEN},
        ),
        (
            calls.invite(3, ACCOUNT, b"Z\xff", 60),
            "invite",
            {
                "federation": 3,
                "account": A_ACCOUNT,
                "organisation": "0x5aff",
                "max_examples": 60,
            },
        ),
        (calls.post_bond(3, Planck(7)), "post_bond", {"federation": 3, "amount": 7}),
        (calls.withdraw_bond(3), "withdraw_bond", {"federation": 3}),
        (calls.rebase(3, b"\xcc" * 32), "rebase", {"federation": 3, "model": C}),
        (calls.skip_round(3), "skip_round", {"federation": 3}),
        (
            calls.refund(3, ACCOUNT),
            "refund",
            {"federation": 3, "account": A_ACCOUNT},
        ),
        (
            calls.report_misconduct(
                3, 9, WrongInstruction(b"\xaa" * 32, b"\xbb" * 32, 60, b"\xcc" * 64)
            ),
            "report_misconduct",
            {
                "federation": 3,
                "round": 9,
                "proof": {
                    "Instruction": {
                        "base_model": A,
                        "terms_hash": B,
                        "expires": 60,
                        "signature": "0x" + "c" * 128,
                    }
                },
            },
        ),
        (
            calls.propose(3, b"\xaa" * 32),
            "propose",
            {"federation": 3, "proposal": {"Rebase": A}},
        ),
    ],
)
def test_a_call_is_these_values(call: calls.Call, function: str, args: object) -> None:
    assert (call.pallet, call.function, call.args) == ("Bcfl", function, args)
    assert json.loads(json.dumps(call.args)) == args


@pytest.mark.parametrize(
    ("proof", "written"),
    [
        (LeavesOutOfOrder(PROVEN, PROVEN), {"OutOfOrder": {"first": WRITTEN, "second": WRITTEN}}),
        (LeafNotCommitted(PROVEN), {"NotCommitted": WRITTEN}),
        (UnsoundLeaf(PROVEN), {"Unsound": WRITTEN}),
        (
            AccountOmitted(ACCOUNT, None, PROVEN),
            {"Omitted": {"account": A_ACCOUNT, "before": None, "after": WRITTEN}},
        ),
        (
            AccountOmitted(ACCOUNT, PROVEN, None),
            {"Omitted": {"account": A_ACCOUNT, "before": WRITTEN, "after": None}},
        ),
    ],
)
def test_each_proof_of_a_bad_root_is_written(proof: BadRoot, written: object) -> None:
    assert calls.report_bad_root(3, 9, proof).args["proof"] == written


def test_a_verdict_shows_what_was_revealed() -> None:
    verdict = MemberVerdict(ACCOUNT, b"\xcc" * 32, Outcome.EXCLUDED, 0, 1, 0)
    (written,) = calls.settle(3, 9, bytes(32), bytes(32), [verdict]).args["verdicts"]  # type: ignore[misc, union-attr]
    assert written["revealed"] == C  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    ("admission", "written"),
    [(Admission.OPEN, "Open"), (Admission.INVITED, "Invited"), (Vouched(4), {"Vouched": 4})],
)
def test_admission_is_written(admission: Admission | Vouched, written: object) -> None:
    terms = replace(DEVELOPMENT, admission=admission)
    assert calls.set_terms(3, terms).args["terms"]["admission"] == written  # type: ignore[index, call-overload]


def test_what_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(EncodingError, match="has 33 bytes"):
        calls.invite(3, ACCOUNT, b"a" * 33, 0)
    with pytest.raises(EncodingError, match="a hash has 32 bytes"):
        calls.join(3, Planck(7), b"")
    with pytest.raises(EncodingError, match="a signature has 64 bytes"):
        calls.report_misconduct(3, 9, WrongInstruction(bytes(32), bytes(32), 60, bytes(63)))
