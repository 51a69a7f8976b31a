"""Which SuperNode speaks for a member: its public key as the chain has it, and the proof of it.

A SuperNode of Flower that authenticates itself has an elliptic-curve key, which a server sees as
`NodeInfo.public_key`. A member binds it to its account with `calls.bind_node_key`. The chain checks
no possession, so whoever relies on a record checks its proof, or sees the node use the key.
"""

from pallet_bridge.node_keys.files import key_hash, read_private_key, read_public_key
from pallet_bridge.node_keys.proofs import DOMAIN, bind, is_proved, payload

__all__ = [
    "DOMAIN",
    "bind",
    "is_proved",
    "key_hash",
    "payload",
    "read_private_key",
    "read_public_key",
]
