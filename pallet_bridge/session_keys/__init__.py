"""Session keys: what a validator writes blocks and votes for finality with, and where they are."""

from pallet_bridge.session_keys.keys import SessionKeys, SignedKeys
from pallet_bridge.session_keys.keystore import secrets_in
from pallet_bridge.session_keys.reading import Validator, key_deposit, owners_of, validator

__all__ = [
    "SessionKeys",
    "SignedKeys",
    "Validator",
    "key_deposit",
    "owners_of",
    "secrets_in",
    "validator",
]
