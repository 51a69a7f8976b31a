"""A key that is not for what it was used for."""

from __future__ import annotations

from pallet_bridge.errors import TransactionRefused

_CALL, _TIP = "Custom error: 1", "Custom error: 2"
"""What the runtime answers to a call outside of the scope, and to a tip."""


class KeyRestricted(TransactionRefused):
    """A key of a restricted account signed a call that its scope has not. Nothing was paid.

    Attributes
    ----------
    account
        The restricted account.
    call
        What it signed, such as ``Bcfl.unbond``.
    scope
        What the key is for; empty when the chain does not say any more.
    """

    def __init__(self, refused: TransactionRefused, account: str, call: str, scope: str) -> None:
        super().__init__(refused.code, refused.message, refused.data)
        self.account = account
        self.call = call
        self.scope = scope

    def __str__(self) -> str:
        scope = f"the scope {self.scope}" if self.scope else "a scope"
        lacks = "takes no tip" if self.data == _TIP else f"has no {self.call}"
        return (
            f"the key of {self.account} is restricted to {scope}, which {lacks}: "
            f"nothing was sent. Let its owner do it: the same command with --for {self.account} "
            f"and the owner's --key, or calls.in_name_of. `bcfl keys scope {self.account}` names "
            f"the owner"
        )


def is_out_of_scope(refused: TransactionRefused) -> bool:
    """Whether the pool refused a call because of the scope of the key that signed it."""
    return refused.data in {_CALL, _TIP}
