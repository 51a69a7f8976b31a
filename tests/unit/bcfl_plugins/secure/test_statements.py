"""Every encoding of secure aggregation, pinned: another value is another version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcfl_plugins.secure.groups import Grouping
from bcfl_plugins.secure.statements import (
    answer_payload,
    claims_payload,
    deal_payload,
    key_payload,
    pair_hash,
    seed_hash,
    share_hash,
    unmask_payload,
)
from tests.unit.bcfl_plugins.secure.nodes import PLACE, Playing, account, drawn

FILE = Path(__file__).resolve().parents[3] / "vectors" / "masks.json"


def made() -> dict[str, str]:
    """Compute all of them anew."""
    round_ = Playing.of(4)
    node, roster, sealed = round_.nodes[0], round_.roster, round_.sealed()
    peer = account(1)
    pair = node.pair_seeds()[peer]
    dealing = node.deal()
    fixed = type(dealing)(
        dealing.roster, dealing.seed, dealing.pairs, (drawn("s"),) * 3, (drawn("t") * 2,) * 3
    )
    masked = np.zeros(1000, np.uint32)
    node.mask(masked)
    claims = node.claims(sealed, 1000).astype("<u4")
    inside = round_.accounts(range(4))
    grouping = Grouping(drawn("block"), 9, 3, tuple(sorted(map(account, range(9)))))
    group = replace(roster, sketch=None, grouping=grouping.digest)
    drawing = b"".join(one.raw for part in grouping.groups(PLACE) for one in part)
    values = {
        "key payload": key_payload(PLACE.genesis, 7, node.account, node.key.public),
        "public key": node.key.public,
        "pair seed": pair,
        "pair hash": pair_hash(PLACE, node.account, peer, pair),
        "seed hash": seed_hash(PLACE, node.account, node.seed),
        "share hash": share_hash(PLACE, node.account, peer, drawn("share")),
        "sealed share": node.key.seal(
            PLACE, node.account, peer, round_.nodes[1].key.public, drawn("share")
        ),
        "roster": roster.digest,
        "grouping": grouping.digest,
        "groups": hashlib.sha256(drawing).digest(),
        "roster of a group": group.digest,
        "dealing payload": fixed.payload(PLACE, node.account),
        "ask to deal": deal_payload(PLACE, roster.digest),
        "sketch seed": sealed.seed(PLACE),
        "ask to sketch": sealed.payload(PLACE, roster.digest),
        "ask to unmask": unmask_payload(PLACE, roster.digest, sealed, inside),
        "claims payload": claims_payload(PLACE, peer, drawn("seed"), b"own", [b"one", b"two"]),
        "answer payload": answer_payload(PLACE, peer, drawn("asked"), bytes(96)),
        "mask of zeros": hashlib.sha256(masked.astype("<u4").tobytes()).digest(),
        "sketches of masks": hashlib.sha256(claims.tobytes()).digest(),
    }
    return {name: value.hex() for name, value in values.items()}


@pytest.mark.parametrize("name", json.loads(FILE.read_text(encoding="utf-8")))
def test_is_what_it_was(name: str) -> None:
    assert made()[name] == json.loads(FILE.read_text(encoding="utf-8"))[name]


def test_all_are_pinned() -> None:
    assert made().keys() == json.loads(FILE.read_text(encoding="utf-8")).keys()
