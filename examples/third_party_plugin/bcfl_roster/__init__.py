"""Plugin ``roster``: only the accounts in a file take part, however much stake others have.

The file has an account a line, and what stands after it is why it is there::

    5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY  hospital of the north, contract of 3 May

It is read again before each round, so that a contract that ends does not end the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bcfl_plugins import ConfigError, hookimpl, needs_chain
from bcfl_plugins.config import key, read_table
from pallet_bridge.types import AccountId


@dataclass(frozen=True, slots=True)
class RosterSettings:
    """Settings under ``bcfl.roster``."""

    file: str = key("", "The file with an account a line.")


class Roster:
    """Leaves out whose account is not in the file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.listed = self.read()

    @hookimpl
    def bcfl_eligible_nodes(self, nodes):
        self.listed = self.read()
        return {
            node.node_id: f"account {node.account} is not in {self.file.name}"
            for node in nodes
            if node.account not in self.listed
        }

    def read(self) -> frozenset[AccountId]:
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ConfigError(f"bcfl.roster.file cannot be read: {error}") from error
        words = [line.split() for line in lines]
        return frozenset(
            AccountId.parse(found[0]) for found in words if found and not found[0].startswith("#")
        )


@needs_chain
def create(settings, services):
    """Make the plugin from its table; the entry point."""
    checked = read_table(RosterSettings, "bcfl.roster", settings)
    services.need_chain("roster")  # without a chain no node proves an account
    if not checked.file:
        raise ConfigError("bcfl.roster.file is missing: name the file with the accounts")
    return Roster(Path(checked.file))
