"""The chain of several organisations: what nobody may do on it."""

from __future__ import annotations

import pytest

from bcfl_plugins.cli.network.consortium import read_consortium
from bcfl_plugins.cli.network.specification import Title, specification
from pallet_bridge.calls import Call, transfer
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.errors import CallFailed
from pallet_bridge.keys import Signer
from pallet_bridge.types import Planck
from tests.unit.bcfl_plugins.cli.network.test_consortium import account, table

REMARK = {"call_module": "System", "call_function": "remark", "call_args": {"remark": "0x00"}}


@pytest.mark.slow
def test_without_a_sudo_key_nobody_is_root() -> None:
    patch = read_consortium({**table(), "balances": {account("one"): "1000 UNIT"}}).patch()
    made = specification(Title("Clinics", "clinics", "Live"), patch)
    # the embedded chain begins with a preset of the runtime, which has a sudo key
    whole = {**patch, "sudo": {"key": None}}
    with EmbeddedClient(EmbeddedNode.start(nonce=b"", patch=whole)) as chain:
        assert chain.genesis_hash == made.genesis_hash
        member = Signer.from_uri("//clinic//one")
        for call in (
            Call("Sudo", "sudo", {"call": REMARK}),
            Call("Sudo", "set_key", {"new": str(member.account)}),
        ):
            with pytest.raises(CallFailed, match="RequireSudo"):
                chain.execute(call, member)
        with pytest.raises(CallFailed, match="BadOrigin"):
            chain.execute(
                Call("System", "authorize_upgrade", {"code_hash": "0x" + "00" * 32}), member
            )
        chain.execute(transfer(Signer.from_uri("//clinic//two").account, Planck(10**12)), member)
