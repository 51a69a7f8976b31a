from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.client.protocol import Era, SignedCall
from pallet_bridge.run.fate import Fate, Glimpse, fate
from pallet_bridge.types import AccountId, BlockRef

MORTAL = SignedCall(
    AccountId(bytes(32)), 7, b"", b"", Era(period=8, birth=BlockRef(100, bytes(32)))
)
IMMORTAL = replace(MORTAL, era=None)
NOW = Glimpse(final=102, head=104, final_nonce=7, nonce=7, anchored_finally=True, anchored=True)


@pytest.mark.parametrize(
    ("seen", "mortal", "immortal"),
    [
        (NOW, Fate.OPEN, Fate.OPEN),
        (replace(NOW, head=106), Fate.OPEN, Fate.OPEN),  # the block after may have it: the last
        (replace(NOW, head=107), Fate.UNDECIDED, Fate.OPEN),
        (replace(NOW, final=106, head=109), Fate.UNDECIDED, Fate.OPEN),
        (replace(NOW, final=107, head=109), Fate.NEVER, Fate.OPEN),
        (replace(NOW, nonce=8), Fate.UNDECIDED, Fate.UNDECIDED),
        (replace(NOW, nonce=9, final_nonce=8), Fate.NEVER, Fate.NEVER),
        (replace(NOW, anchored=False), Fate.UNDECIDED, Fate.UNDECIDED),
        (replace(NOW, anchored=False, anchored_finally=False), Fate.NEVER, Fate.NEVER),
        (replace(NOW, nonce=0, final_nonce=0), Fate.OPEN, Fate.OPEN),
    ],
)
def test_only_what_is_final_lets_a_call_be_signed_again(
    seen: Glimpse, mortal: Fate, immortal: Fate
) -> None:
    assert fate(MORTAL, seen) is mortal
    assert fate(IMMORTAL, seen) is immortal


def test_the_last_block_of_an_era_is_the_one_before_the_next_period() -> None:
    assert MORTAL.era is not None
    assert MORTAL.era.last == 107
