"""Show a plan, and send it unless it was asked for only, or the chain would refuse it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from bcfl_plugins.cli.acting.options import GENESIS, WaitFor, digest
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.plan import as_lines, as_record, shortage
from bcfl_plugins.cli.output import console, print_json
from bcfl_plugins.cli.places import account_of, signer_of
from bcfl_plugins.config.tables import write_amount
from pallet_bridge.errors import ConfigError
from pallet_bridge.metadata import PALLET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from bcfl_plugins.cli.acting.plan import CallPlan
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.memory.chains import ActedMemory
    from pallet_bridge.trusted.opening import Belief
    from pallet_bridge.types import AccountId, Event, Receipt


_TIMEOUT_S = 120.0


def belief_of(
    genesis: str | None, key: str | None, account: AccountId | None, where: str = "--genesis"
) -> Belief:
    """Return what the chain of a command is held to.

    Parameters
    ----------
    genesis : str or None
        The hash of the command line.
    key : str or None
        Where the key of the command is. A public development key remembers nothing: the chains
        that it is for begin anew.
    account : AccountId or None
        Whose key it is.
    where : str
        Where the hash was read.

    Raises
    ------
    ConfigError
        If the hash is none.
    ChainsUnusable
        If what is remembered cannot be read.
    """
    from pallet_bridge.memory.chains import FinalMemory  # noqa: PLC0415 (loads the memory)
    from pallet_bridge.memory.files import chains_folder  # noqa: PLC0415
    from pallet_bridge.trusted.opening import Belief  # noqa: PLC0415 (loads the client)

    acted = acted_memory(key, account)
    memory = None if acted is None else FinalMemory(chains_folder())
    if genesis is not None:
        return Belief((digest(genesis, where),), where, memory)
    if acted is None:
        return Belief(memory=memory)
    return Belief(acted.chains(), f"the first time of {account}, which is remembered,", memory)


def acted_memory(key: str | None, account: AccountId | None) -> ActedMemory | None:
    """Return where it is remembered on which chains an account acts; ``None``: nowhere."""
    from pallet_bridge.memory.chains import ActedMemory  # noqa: PLC0415 (loads the memory)
    from pallet_bridge.memory.files import chains_folder  # noqa: PLC0415

    if key is None or account is None or key.startswith("//"):
        return None
    return ActedMemory(chains_folder(), account)


@contextmanager
def checked(url: str, belief: Belief) -> Iterator[ChainClient]:
    """Connect, and say whose word is believed.

    Parameters
    ----------
    url : str
        The nodes that ``--chain`` names.
    belief : Belief
        What the chain is held to.
    """
    from pallet_bridge.trusted.opening import open_checked  # noqa: PLC0415 (loads the client)

    with open_checked(url, belief, say) as client:
        yield client


def say(text: str) -> None:
    """Tell a person, past the output that programs read."""
    typer.echo(f"bcfl: {text}", err=True)


def send_and_wait(
    client: ChainClient, call: Call, signer: Signer, wait: WaitFor, timeout: float
) -> Receipt:
    """Send a call, and return its receipt once it counts as done.

    Parameters
    ----------
    client : ChainClient
        The chain. Where it proves, so is the receipt of a final block.
    call, signer
        What is sent, and by whom.
    wait : WaitFor
        From when it counts.
    timeout : float
        Seconds.

    Raises
    ------
    NotFinalYet
        If the call is in a block that is not final in time.
    ChainTimeout
        If it is in no block in time.
    CallFailed
        If it failed.
    """
    from pallet_bridge.errors import ChainTimeout  # noqa: PLC0415 (a command's help is fast)
    from pallet_bridge.errors.proofs import NotFinalYet  # noqa: PLC0415

    submission = client.submit(call, signer)
    if wait is WaitFor.BLOCK:
        return submission.wait(timeout)
    try:
        return submission.wait(timeout, finalized=True)
    except ChainTimeout:
        try:
            block = submission.wait(0.0).block.number
        except ChainTimeout:
            block = None
        if block is None:
            raise
        raise NotFinalYet(f"{call.pallet}.{call.function}", block, timeout) from None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, and how the answer is given.

    Parameters
    ----------
    key : str
        Where the key is.
    url : str
        The chain that it pays on.
    dry_run : bool
        Whether to stop before the key is used.
    as_json : bool
        Whether programs read the answer.
    genesis : str or None
        The chain's hash of the command line.
    wait : WaitFor
        From when a call counts as done.
    acting_for : str or None
        The account in whose name the call is, by `--for`; None: that of the key.
    """

    key: str
    url: str
    dry_run: bool
    as_json: bool
    genesis: str | None = None
    wait: WaitFor = WaitFor.FINAL
    acting_for: str | None = None

    def connect(self) -> AbstractContextManager[ChainClient]:
        """Connect to the chain, which is held to what is pinned or remembered."""
        return checked(self.url, belief_of(self.genesis, self.key, self.payer()))

    def payer(self) -> AccountId:
        """Return whose key it is; an encrypted key is not opened for it."""
        return account_of(self.key, self.url)

    def account(self) -> AccountId:
        """Return who acts: whose key it is, or the account in whose name its owner acts."""
        return self.payer() if self.acting_for is None else read_account(self.acting_for)

    def send(self, client: ChainClient, plan: CallPlan) -> Receipt | None:
        """Send a plan, or show it where that was asked for.

        Raises
        ------
        ConfigError
            When the chain would refuse it: nothing is sent then, and no fee is paid.
        """
        from bcfl_plugins.cli.acting.behalf import by_key  # noqa: PLC0415
        from bcfl_plugins.cli.acting.sponsors import sponsor_of  # noqa: PLC0415 (loads the mirrors)
        from pallet_bridge.types import Planck  # noqa: PLC0415

        payer = self.payer()
        plan = by_key(client, plan, payer, self.account())
        balance, fee = client.balance(payer), client.fee(plan.call, payer)
        sponsor = sponsor_of(client, plan.call, payer, balance, fee)
        own = fee if sponsor is None else Planck(0)
        short = shortage(plan, payer, balance, own, client.prices().existence)
        if short is not None:
            plan = replace(plan, refusals=(*plan.refusals, short))
        if self.dry_run:
            paying = None if sponsor is None else sponsor.federation
            record = as_record(plan, payer, fee, paying)
            self._show(record, as_lines(plan, payer, fee, balance, sponsor))
            if plan.refusals:
                raise typer.Exit(1)
            return None
        if plan.refusals:
            raise ConfigError("; ".join((*plan.refusals, "nothing was sent")))
        signer = signer_of(self.key, self.url)
        self.remember(client)
        receipt = send_and_wait(client, plan.call, signer, self.wait, _TIMEOUT_S)
        self._done(plan, payer, receipt)
        return receipt

    def remember(self, client: ChainClient) -> None:
        """Write down on which chain the account acts, before anything is signed for it.

        Raises
        ------
        ChainsUnusable
            If it cannot be written.
        """
        payer = self.payer()
        acted = acted_memory(self.key, payer)
        if acted is None:
            return
        if not acted.chains() and self.genesis is None:
            say(
                f"{payer} acts on the chain 0x{client.genesis_hash.hex()} from now on, as it came "
                f"first. Compare it with what the coordinator or another member tells you, and "
                f"give it with --genesis or {GENESIS}"
            )
        acted.add(client.genesis_hash)

    def _show(self, record: dict[str, object], lines: Iterable[str]) -> None:
        if self.as_json:
            print_json({**record, "sent": False})
            return
        out = console()
        for line in lines:
            out.print(escape(line))
        out.print("nothing was sent")

    def _done(self, plan: CallPlan, payer: AccountId, receipt: Receipt) -> None:
        if self.as_json:
            pallets = (PALLET, plan.call.pallet)
            ours = [_event(one) for one in receipt.events if one.pallet in pallets]
            fields = as_record(plan, payer, receipt.fee, _sponsor(receipt))
            fields |= {
                "sent": True,
                "block": receipt.block.number,
                "final": self.wait is WaitFor.FINAL,
                "events": ours,
            }
            print_json(fields)
            return
        out = console()
        out.print(escape(plan.means))
        standing = (
            "which is final"
            if self.wait is WaitFor.FINAL
            else "which is not final yet: another branch may take its place"
        )
        fee, sponsor = write_amount(receipt.fee), _sponsor(receipt)
        by = "" if sponsor is None else f", paid by federation {sponsor}"
        out.print(f"in block {receipt.block.number}, {standing}; the fee was {fee}{by}")


def _sponsor(receipt: Receipt) -> int | None:
    """Return the federation that paid the fee; None: who signed did."""
    for event in receipt.events:
        if (event.pallet, event.name) == (PALLET, "FeeSponsored"):
            return event.integer("federation")
    return None


def _event(event: Event) -> dict[str, object]:
    fields = {
        name: value if isinstance(value, int | str) else _plain(value)
        for name, value in event.fields.items()
    }
    return {"event": event.name, **fields}


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return None if value is None else str(value)
