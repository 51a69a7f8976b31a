"""Keys that everybody has: those of the phrase that every Substrate tool publishes."""

from __future__ import annotations

from functools import cache

from pallet_bridge.keys import DEV_PHRASE, Signer
from pallet_bridge.types import AccountId

NAMES = ("Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie", "One", "Two")
_OURS = 100
_FINALITY = {
    "//Alice": "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu",
    "//Alice//stash": "5DdJ9KX9gm9UvZpcpY6av29Q4uzbjuHdp5zEmV6FCh2FXiBc",
    "//Bob": "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E",
    "//Bob//stash": "5CzfGC7p9sC39Zvb2bg4WgtVvx6c6JVb1SMwsNDVTmRrEas2",
    "//Charlie": "5DbKjhNLpqX3zqZdNBc9BGb4fHU1cRBaDhJUskrvkwfraDi6",
    "//Charlie//stash": "5H523KwDBYhU1ZksgeZ5tywrQPCc4MZsHzm8Cwuu1ZMDudpd",
    "//Dave": "5ECTwv6cZ5nJQPk6tWfaTrEk8YH2L7X1VT4EL5Tx2ikfFwb7",
    "//Dave//stash": "5CikVYumd29SdWTRtjnrWQiyB2FhLnh22m6S9AF5zvuwY8po",
    "//Eve": "5Ck2miBfCe1JQ4cY3NDsXyBaD6EcsgiVmEFTWwqNSs25XDEq",
    "//Eve//stash": "5GbCociVVNug7QH8bZcHU7JCRAYvVZ4pjamDe9apy7Retd6u",
    "//Ferdie": "5E2BmpVFzYGd386XRCZ76cDePMB3sfbZp5ZKGUsrG1m6gomN",
    "//Ferdie//stash": "5CeHpznwUuoj9FKLj7MK7Z15f7ejJgid7fTdCmWnKRLgEaav",
    "//One": "5Caq1V1MnhfNNoGza9sqx1so37LNq2N5xMeR7xpVpv7Nqgnf",
    "//One//stash": "5GTNSAq1HNNxGqFkjGv5B9pjEqEM9HbW76rEL6WxBkFhxkGx",
    "//Two": "5DtDrLseQBezH6PQuGniJL8kXLK1sFzYDbw74M6ZoQ9W34Qb",
    "//Two//stash": "5EVNkvtPjH8FcDYYuumgKiuijR1U5bBbXfJFatFM9MxK5yw3",
}
"""The ed25519 keys, which this package has no code to derive."""


@cache
def public_keys() -> dict[AccountId, str]:
    """Return the keys that anybody can sign with, each with its secret URI."""
    uris = [f"//{name}{more}" for name in NAMES for more in ("", "//stash")]
    uris += [f"//bcfl//node-{number}" for number in range(_OURS)]
    known = {Signer.from_uri(uri).account: uri for uri in uris}
    known[Signer.from_uri(DEV_PHRASE).account] = "the development phrase itself"
    return known | {AccountId.parse(address): uri for uri, address in _FINALITY.items()}
