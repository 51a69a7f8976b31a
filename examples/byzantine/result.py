"""A finished demo: the facts of its three runs, and whether the promise was kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.byzantine.federation import POISONERS, Setup, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from examples.byzantine.facts import Look
    from pallet_bridge.types import AccountId, Planck, Terms

CLOSE = 0.01
"""The defended run may end this far below the run that nobody poisons."""

FAR_BELOW = 0.60
"""Plain FedAvg under attack must end below this accuracy for the comparison to mean anything."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the three runs left.

    Attributes
    ----------
    curves
        Accuracy on the central test set, before round 1 and after each round.
    looks
        The chain after each round of the defended run, and once more after its end.
    start
        The stake that each account joined with.
    """

    setup: Setup
    folder: Path
    accounts: tuple[AccountId, ...]
    terms: Terms
    curves: Mapping[Variant, Sequence[float]]
    looks: tuple[Look, ...]
    start: Mapping[AccountId, Planck]

    def final(self, variant: Variant) -> float:
        return self.curves[variant][-1]

    def node(self, account: AccountId) -> int:
        return self.accounts.index(account)

    def slashed(self, node: int) -> int:
        """Planck that slashes took from a node, by the chain's events."""
        account = self.accounts[node]
        return sum(s.amount for look in self.looks for s in look.slashes if s.account == account)

    def rewarded(self, node: int) -> int:
        """Planck that rounds credited to a node, by the chain's events."""
        account = self.accounts[node]
        return sum(r.rewards.get(account, 0) for look in self.looks for r in look.rounds)

    def verdicts(self, node: int) -> tuple[int, int]:
        """How often a node was accepted and rejected on chain."""
        account = self.accounts[node]
        rounds = [r for look in self.looks for r in look.rounds]
        accepted = sum(account in r.accepted for r in rounds)
        return accepted, sum(account in {x.account for x in r.rejected} for r in rounds)

    def stakes(self, node: int) -> tuple[int, ...]:
        """A node's stake in planck: when it joined, after each round, and after the end."""
        account = self.accounts[node]
        return (self.start[account], *(look.members[account].stake for look in self.looks))

    @property
    def poisoners_slashed(self) -> int:
        return sum(self.slashed(node) > 0 for node in POISONERS)

    @property
    def honest_slashed(self) -> int:
        honest = set(range(self.setup.nodes)) - set(POISONERS)
        return sum(self.slashed(node) > 0 for node in honest)

    @property
    def checks(self) -> Mapping[str, bool]:
        """What the demo promises, and whether this run kept it."""
        clean, defended = self.final(Variant.CLEAN), self.final(Variant.DEFENDED)
        return {
            "every poisoner slashed on chain": self.poisoners_slashed == len(POISONERS),
            "no honest node slashed": self.honest_slashed == 0,
            "accuracy within 1 point of the run that nobody poisons": defended >= clean - CLOSE,
            "plain FedAvg far below": self.final(Variant.POISONED) < FAR_BELOW,
        }

    def as_json(self) -> dict[str, object]:
        return {
            "setup": {
                "seed": self.setup.seed,
                "rounds": self.setup.rounds,
                "nodes": self.setup.nodes,
                "alpha": self.setup.alpha,
            },
            "run": str(self.folder),
            "accuracy": {variant.name.lower(): [*self.curves[variant]] for variant in Variant},
            "nodes": [self._node_json(node) for node in range(self.setup.nodes)],
            "rounds": [
                {
                    "round": settled.number,
                    "block": settled.block.number,
                    "block_hash": settled.block.hash.hex(),
                    "extrinsic_hash": settled.extrinsic_hash.hex(),
                    "accepted": [self.node(account) for account in settled.accepted],
                    "rejected": [
                        {
                            "node": self.node(rejected.account),
                            "reason": rejected.reason_name,
                            "score_micro": rejected.score,
                            "strikes": rejected.strikes,
                            "detail": rejected.detail,
                        }
                        for rejected in settled.rejected
                    ],
                }
                for look in self.looks
                for settled in look.rounds
            ],
            "slashes": [
                {
                    "node": self.node(slash.account),
                    "round": slash.round,
                    "planck": slash.amount,
                    "burned_planck": slash.burned,
                    "block": slash.block.number,
                    "block_hash": slash.block.hash.hex(),
                    "extrinsic_hash": slash.extrinsic_hash.hex(),
                }
                for look in self.looks
                for slash in look.slashes
            ],
            "checks": dict(self.checks),
        }

    def _node_json(self, node: int) -> dict[str, object]:
        accepted, rejected = self.verdicts(node)
        return {
            "node": node,
            "account": str(self.accounts[node]),
            "attack": POISONERS[node].value if node in POISONERS else None,
            "stakes_planck": [*self.stakes(node)],
            "slashed_planck": self.slashed(node),
            "rewarded_planck": self.rewarded(node),
            "accepted": accepted,
            "rejected": rejected,
        }
