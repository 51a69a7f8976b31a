"""``bcfl supernode``: a SuperNode that is at the SuperLink of whoever is in office."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import ChainHash  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.acting.send import belief_of, checked
from bcfl_plugins.cli.output import AsJson  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.places import FederationNumber, Url  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.standby.children import Poll  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.standby.saying import Saying
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pallet_bridge.types import AccountId

Links = Annotated[
    list[str],
    typer.Option(
        "--superlink",
        metavar="ACCOUNT=HOST:PORT",
        help="The SuperLink of a coordinator or successor, by its account; one for each.",
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- OPTIONS...", help="Of flower-supernode, without --superlink."),
]

PROGRAM = "flower-supernode"


def supernode(
    options: Options = None,
    *,
    chain: Url,
    federation: FederationNumber,
    superlink: Links,
    poll: Poll = 6.0,
    genesis: ChainHash = None,
    as_json: AsJson = False,
) -> None:
    """Run Flower's SuperNode at the SuperLink of who coordinates, and move it when that changes.

    A SuperNode of Flower's knows one SuperLink. This one is started again at another once a final
    block says that another account is in office. While the chain is away it stays where it is.
    """
    from bcfl_plugins.cli.standby.children import end, ended_by_signals, start  # noqa: PLC0415
    from pallet_bridge.errors.proofs import (  # noqa: PLC0415
        NodesDiffer,
        ProofRefused,
        StateTooOld,
    )
    from pallet_bridge.run.fate import UNDECIDED  # noqa: PLC0415

    links = read_links(superlink)
    child, at, saying = None, "", Saying(as_json=as_json)
    with ended_by_signals():
        try:
            while True:
                try:
                    with checked(
                        chain, belief_of(genesis, None, None)
                    ) as client:  # connecting reads the chain's metadata
                        while True:
                            final = client.finalized()
                            who = client.federation(federation, at=final.hash).coordinator
                            wanted = links.get(who, at)
                            if who not in links:
                                saying.tell(f"{who} is in office, and no --superlink is of it")
                            if child is not None and wanted != at:
                                end(child)
                            if wanted and (child is None or child.poll() is not None):
                                saying.tell(f"{who} is in office: the SuperNode goes to {wanted}")
                                child, at = start(command(wanted, options or ())), wanted
                            time.sleep(poll)
                except (ProofRefused, NodesDiffer, StateTooOld) as error:
                    saying.tell(f"no node is believed: {error}")
                    time.sleep(poll)
                except UNDECIDED as error:
                    saying.tell(f"the chain is away: {error}")
                    time.sleep(poll)
        finally:
            if child is not None:
                end(child)


def command(link: str, options: Sequence[str]) -> list[str]:
    """Return what starts a SuperNode at a SuperLink."""
    return [PROGRAM, "--superlink", link, *options]


def read_links(texts: Sequence[str]) -> Mapping[AccountId, str]:
    """Read the SuperLinks of accounts.

    Raises
    ------
    ConfigError
        If one is not written as an account and an address, or an account has two.
    """
    from pallet_bridge.errors import EncodingError  # noqa: PLC0415
    from pallet_bridge.types import AccountId  # noqa: PLC0415 (loads the crypto)

    links: dict[AccountId, str] = {}
    for text in texts:
        account, equals, link = text.partition("=")
        try:
            who = AccountId.parse(account)
        except EncodingError as error:
            raise ConfigError(f"--superlink {text}: write ACCOUNT=HOST:PORT ({error})") from error
        if not equals or not link:
            raise ConfigError(f"--superlink {text}: write ACCOUNT=HOST:PORT")
        if who in links:
            raise ConfigError(f"--superlink names {who} twice; name each account once")
        links[who] = link
    return links
