"""Who may connect: a web page of another origin, or behind a rebound name, may not.

A browser lets any page open a WebSocket to this machine, and a development chain seals, removes
and signs for whoever asks. What a page cannot forge are the headers ``Origin`` and ``Host``.

Of those who may connect not all may call what changes the node itself, or keeps it busy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import urlsplit

from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RpcMethods: TypeAlias = Literal["auto", "safe", "unsafe"]
"""Who may call unsafe methods: nobody (``safe``), whoever may connect (``unsafe``), or programs on
this machine that are no browser, as long as the chain listens on the loopback (``auto``)."""

_NOT_FOUND = -32601
_STATE_ERROR = 4003
UNSAFE: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "author_hasKey",
                "author_hasSessionKeys",
                "author_insertKey",
                "author_removeExtrinsic",
                "author_rotateKeys",
                "author_rotateKeysWithOwner",
                "engine_createBlock",
                "engine_finalizeBlock",
                "offchain_localStorageClear",
                "offchain_localStorageGet",
                "offchain_localStorageSet",
                "system_addLogFilter",
                "system_addReservedPeer",
                "system_dryRun",
                "system_dryRunAt",
                "system_peers",
                "system_removeReservedPeer",
                "system_resetLogFilter",
                "system_unstable_networkState",
            ),
            _NOT_FOUND,
        ),
        **dict.fromkeys(("state_getPairs", "state_queryStorage", "state_traceBlock"), _STATE_ERROR),
    }
)
"""The methods that a node calls unsafe, with the code of its refusal, and those that seal."""

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9_.:\[\]-]+")
BAD_HOST = "Provided Host header is not whitelisted.\n"
BAD_ORIGIN = (
    "Provided Origin header is not whitelisted: "
    "start the chain with --allow-origin for a page that you trust.\n"
)


@dataclass(frozen=True, slots=True)
class Access:
    """What is let in.

    Attributes
    ----------
    listens_on
        The address that the server listens on.
    origins
        Origins that are allowed beside those on this machine, from `origin`.
    rpc_methods
        Who may call unsafe methods.
    """

    listens_on: str = "127.0.0.1"
    origins: frozenset[str] = frozenset()
    rpc_methods: RpcMethods = "auto"

    def lets_unsafe(self, origins: Sequence[str]) -> bool:
        """Say whether a connection with these headers may call what is `UNSAFE`."""
        if self.rpc_methods != "auto":
            return self.rpc_methods == "unsafe"
        return not origins and _is_local(self.listens_on)

    def refusal(self, hosts: Sequence[str], origins: Sequence[str]) -> str | None:
        """Return why a handshake with these headers is refused; None when it is not."""
        if len(hosts) != 1 or not self._is_ours(_name(f"//{hosts[0]}")):
            return BAD_HOST
        if not origins:  # no browser
            return None
        one = origins[0].lower()
        if len(origins) == 1 and (one in self.origins or _is_local(_page(one))):
            return None
        return BAD_ORIGIN

    def _is_ours(self, name: str | None) -> bool:
        if name is None:
            return False
        # behind an address there is no name that could be bound to another machine
        everywhere = _is_address(self.listens_on) and ip_address(self.listens_on).is_unspecified
        return _is_local(name) or name == self.listens_on or (everywhere and _is_address(name))


def origin(text: str) -> str:
    """Check an origin that is to be allowed.

    Raises
    ------
    ConfigError
        When it is not written as a browser writes it.
    """
    if not _ORIGIN.fullmatch(text.lower()) or not _page(text):
        raise ConfigError(
            f"{text!r} is no origin: write SCHEME://HOST or SCHEME://HOST:PORT, "
            "such as https://polkadot.js.org, without a path"
        )
    return text.lower()


def methods(text: str) -> RpcMethods:
    """Check who is to be let call unsafe methods.

    Raises
    ------
    ConfigError
        When it is none of the words of `RpcMethods`.
    """
    match text:
        case "auto" | "safe" | "unsafe":
            return text
    raise ConfigError(f"rpc_methods is {text!r}: write auto, safe or unsafe")


def _page(text: str) -> str | None:
    """Return the host of an origin; a page without one says ``null``."""
    return _name(text) if "://" in text else None


def _name(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises on what is no port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname


def _is_local(name: str | None) -> bool:
    if name is None:
        return False
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
