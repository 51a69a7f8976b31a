"""The demo's screen: lines that stay, and below them, on a terminal, a panel that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from examples.byzantine.attacks import Attack
from examples.byzantine.facts import standing
from examples.byzantine.federation import POISONERS, Setup, Variant
from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from types import TracebackType

    from bcfl_plugins import ChainServices
    from examples.byzantine.facts import Look, Rejected, SettledRound, Slash
    from pallet_bridge.types import AccountId, Terms

BARS = " ▁▂▃▄▅▆▇█"


class Screen:
    """Prints what it is told, and keeps nothing that it was not told.

    Parameters
    ----------
    console
        Where to print.
    live
        Whether the console can be written to twice at the same place.
    """

    def __init__(
        self, console: Console, setup: Setup, accounts: tuple[AccountId, ...], *, live: bool
    ) -> None:
        self._console = console
        self._setup = setup
        self._names = {account: node for node, account in enumerate(accounts)}
        self._curves: dict[Variant, list[float]] = {variant: [] for variant in Variant}
        self._look: Look | None = None
        self._terms: Terms | None = None
        self._live = Live(console=console, auto_refresh=False, transient=True) if live else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, markup: str) -> None:
        """Print a line that stays."""
        self._console.print(markup, highlight=False, soft_wrap=True)

    def accuracy(self, variant: Variant, server_round: int, accuracy: float) -> None:
        """Take one round's accuracy; 0 is the untrained model."""
        curve = self._curves[variant]
        curve.append(accuracy)
        if server_round == self._setup.rounds and variant is not Variant.DEFENDED:
            self.say(f"{variant.value:<28} {self._spark(curve)}  [bold]{accuracy:6.1%}[/]")
        self._refresh()

    def opened(self, chain: ChainServices) -> None:
        """Say which chain and federation the defended run is on."""
        self.say(
            f"{Variant.DEFENDED.value:<28} [dim]chain {short(chain.client.genesis_hash)} at "
            f"{chain.client.url}, federation {chain.federation}, files in {chain.run_dir}[/]"
        )

    def chain(self, look: Look, terms: Terms) -> None:
        """Take what happened on chain since the last time."""
        self._look, self._terms = look, terms
        for settled in look.rounds:
            self._settled(settled, terms)
        for slash in look.slashes:
            self._slashed(slash)
        self._refresh()

    def _settled(self, settled: SettledRound, terms: Terms) -> None:
        accuracy = self._curves[Variant.DEFENDED][settled.number + 1]
        self.say(
            f"round {settled.number + 1:>2}  [bold]{accuracy:6.1%}[/]  "
            f"[green]{len(settled.accepted)} accepted[/] "
            f"[red]{len(settled.rejected)} rejected[/]  "
            f"[dim]block #{settled.block.number} {short(settled.block.hash)}  "
            f"extrinsic {short(settled.extrinsic_hash)}[/]"
        )
        for rejected in settled.rejected:
            self._rejected(rejected, terms)

    def _rejected(self, rejected: Rejected, terms: Terms) -> None:
        self.say(
            f"          [red]rejected[/] {self._name(rejected.account)}: {rejected.detail} "
            f"[dim]({rejected.reason_name})[/], strike {rejected.strikes} of "
            f"{terms.strikes_to_slash}"
        )

    def _slashed(self, slash: Slash) -> None:
        self.say(
            f"          [bold red]SLASHED[/]  {self._name(slash.account)}: "
            f"{slash.burned / UNIT:.2f} UNIT burned for the offence of round {slash.round + 1}  "
            f"[dim]block #{slash.block.number} {short(slash.block.hash)}  "
            f"extrinsic {short(slash.extrinsic_hash)}[/]"
        )

    def _name(self, account: AccountId) -> str:
        node = self._names[account]
        return f"node {node} [{colour(node)}]({does(node)})[/]"

    def _spark(self, curve: list[float]) -> str:
        """One block character a value, from 0 to 1; nothing where they cannot be written."""
        if not self._console.encoding.startswith("utf"):
            return ""
        return "".join(BARS[round(value * (len(BARS) - 1))] for value in curve)

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(self._panel(), refresh=True)

    def _panel(self) -> Group:
        parts: list[Text | Table] = [Text()]
        parts.extend(
            Text.from_markup(f"{variant.value:<28} {self._spark(curve)}  {curve[-1]:6.1%}")
            for variant, curve in self._curves.items()
            if curve
        )
        if self._look is not None and self._terms is not None:
            parts.append(members_table(self._look, self._terms, self._names))
        return Group(*parts)


def members_table(look: Look, terms: Terms, names: dict[AccountId, int]) -> Table:
    """Every node's account as the chain has it at one block."""
    title = f"on chain at block #{look.head.number} {short(look.head.hash)}"
    table = Table(title=title, title_justify="left", title_style="dim", box=None, pad_edge=False)
    table.add_column("node", justify="right")
    table.add_column("does")
    table.add_column("account")
    table.add_column("stake", justify="right")
    table.add_column("")
    table.add_column("strikes", justify="right")
    table.add_column("earned", justify="right")
    table.add_column("next round")
    for account, node in names.items():
        member = look.members.get(account)
        if member is None:
            continue
        state = standing(member, terms, look.head.number)
        table.add_row(
            str(node),
            f"[{colour(node)}]{does(node)}[/]",
            f"{str(account)[:6]}..{str(account)[-4:]}",
            f"{member.stake / UNIT:.2f}",
            f"[{colour(node)}]{'█' * round(12 * member.stake / (100 * UNIT))}[/]",
            str(member.strikes),
            f"{look.earned.get(account, 0) / UNIT:.2f}",
            state if state == "in" else f"[yellow]{state}[/]",
        )
    return table


def does(node: int) -> str:
    """What a node really does. The server is not told; the screen is."""
    return POISONERS.get(node, Attack.NONE).value


def colour(node: int) -> str:
    return "red" if node in POISONERS else "green"


def short(digest: bytes) -> str:
    """The start of a hash; the whole of it is in the run's files."""
    return f"0x{digest.hex()[:12]}.."
