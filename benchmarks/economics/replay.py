"""A sampled run, repeated on the runtime: the same verdicts must come to the same money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.economics.federation import JudgedFederation
from benchmarks.economics.model import History, sample
from benchmarks.economics.table import MOVES
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from benchmarks.economics.model import Setting
    from benchmarks.economics.table import Table


@dataclass(frozen=True, slots=True)
class Replay:
    """One run, twice; planck.

    Parameters
    ----------
    sampled, on_chain : tuple of Planck
        What each member gained with all its accounts, by the samples and on the runtime.
    escrow, burned : Planck
        What the escrow paid, and what is gone.
    """

    sampled: tuple[Planck, ...]
    on_chain: tuple[Planck, ...]
    escrow: Planck
    burned: Planck

    @property
    def worst(self) -> int:
        """The greatest difference of any member."""
        return max(abs(s - p) for s, p in zip(self.sampled, self.on_chain, strict=True))

    @property
    def is_conserved(self) -> bool:
        """True when what all members gained is what the escrow paid less what was burned."""
        return sum(self.on_chain) == self.escrow - self.burned


def replay(table: Table, setting: Setting) -> Replay:
    """Sample one run in which work costs nothing, and repeat it on the runtime.

    Parameters
    ----------
    table : Table
        The money path.
    setting : Setting
        What to draw.
    """
    history = History()
    setting = replace(setting, runs=1, cost=Planck(0))
    purse = sample(table, setting, history=history)
    members = setting.members
    spare = int(sum(flags.sum() for flags in history.renewed))
    with JudgedFederation(table.terms, members, spare) as federation:
        account = list(range(members))
        owner = account.copy()
        for here, columns, renewed in zip(
            history.here, history.columns, history.renewed, strict=True
        ):
            verdicts = {account[m]: MOVES[columns[m]][0] for m in range(members) if here[m]}
            if federation.run_round(verdicts):
                raise RuntimeError("the runtime shuts out a member whom the samples let in")
            for member in range(members):
                if renewed[member]:
                    federation.leave(account[member])
                    account[member] = len(owner)
                    owner.append(member)
                    federation.join(account[member])
        federation.finish()
        gained: Counter[int] = Counter()
        for number, member in enumerate(owner):
            gained[member] += federation.gain(number)
        return Replay(
            tuple(Planck(round(value)) for value in purse.money[0]),
            tuple(Planck(gained[m]) for m in range(members)),
            federation.paid_out(),
            federation.burned(),
        )
