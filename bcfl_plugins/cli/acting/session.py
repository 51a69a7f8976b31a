"""The thin shell of every acting command: connect, look, and hand a plan over."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.cli.acting.plan import CallPlan
    from bcfl_plugins.cli.acting.send import Sender
    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId, Participant, Receipt


@dataclass(frozen=True, slots=True)
class Acting:
    """An account before a federation.

    Parameters
    ----------
    client : ChainClient
        The open connection.
    view : View
        The federation, as it was when the command began.
    account : AccountId
        Who acts.
    sender : Sender
        What signs for it.
    """

    client: ChainClient
    view: View
    account: AccountId
    sender: Sender

    def member(self, account: AccountId | None = None) -> Participant | None:
        """Return a member, by default the one who acts."""
        who = account or self.account
        return self.client.participant(self.view.number, who, at=self.view.at)

    def send(self, plan: CallPlan) -> Receipt | None:
        """Send a plan, or show it; see `Sender.send`."""
        return self.sender.send(self.client, plan)


@contextmanager
def acting(sender: Sender, federation: int) -> Iterator[Acting]:
    """Connect, and read a federation.

    Parameters
    ----------
    sender : Sender
        Who acts, where, and how it answers.
    federation : int
        Its number.
    """
    from bcfl_plugins.cli.acting.view import look  # noqa: PLC0415 (loads the mirrors)

    account = sender.account()
    with sender.connect() as client:
        yield Acting(client, look(client, federation), account, sender)
