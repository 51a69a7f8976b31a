from __future__ import annotations

from bcfl_plugins.cli.network.public_keys import public_keys
from bcfl_plugins.cli.network.specification import DEVELOPMENT, LOCAL, preset_patch
from pallet_bridge.keys import DEV_PHRASE, Signer
from pallet_bridge.types import AccountId


def test_every_key_of_the_runtimes_presets_is_public() -> None:
    for preset, _ in (DEVELOPMENT, LOCAL):
        patch = preset_patch(preset)
        named = [address for address, _ in patch["balances"]["balances"]]
        named += [patch["sudo"]["key"], *patch["council"]["members"]]
        for account, validator, keys in patch["session"]["keys"]:
            named += [account, validator, *keys.values()]
        missing = [address for address in named if AccountId.parse(address) not in public_keys()]
        assert missing == []


def test_what_derives_from_the_published_phrase_is_public_and_nothing_else() -> None:
    assert Signer.from_uri(DEV_PHRASE).account in public_keys()
    assert public_keys()[Signer.from_uri("//Eve").account] == "//Eve"
    assert Signer.from_uri("//clinic").account not in public_keys()
