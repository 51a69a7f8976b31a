"""Whoever stole a key from a machine, where the key has a scope and an owner elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.errors import TransactionRefused
from pallet_bridge.errors.scopes import KeyRestricted
from pallet_bridge.keys import Signer
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import UNIT, Governance, KeyScope, Planck, Succession
from tests.cheats.committees import MODEL, NEXT_MODEL, QUICK, REPORT, Found, Stage, event, found
from tests.cheats.table import Outcome, Role, cheat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pallet_bridge.calls import Call

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

OWNER, EVE = Signer.from_uri("//Charlie"), Signer.from_uri("//Eve")


def restrict(stage: Stage, who: Signer, scope: KeyScope) -> None:
    stage.chain.execute(calls.restrict(OWNER.account, scope), who)


def refuses_all(stage: Stage, thief: Signer, tried: Iterable[Call]) -> None:
    """Send each call with the stolen key; nothing is done, and no fee is taken."""
    before = (stage.chain.balance(thief.account), stage.chain.issuance())
    for call in tried:
        with pytest.raises(KeyRestricted) as refused:
            stage.chain.execute(call, thief)
        assert refused.value.call == f"{call.pallet}.{call.function}"
    assert (stage.chain.balance(thief.account), stage.chain.issuance()) == before


def takes_money(stage: Stage, thief: Signer) -> list[Call]:
    """Every way to move or risk money that a member has."""
    number, one = stage.number, Planck(UNIT)
    return [
        calls.transfer(EVE.account, one),
        calls.unbond(number, one),
        calls.withdraw(number, thief.account),
        calls.add_stake(number, one),
        calls.fund(number, one),
        calls.fund_fees(number, one),
        calls.post_bond(number, one),
        calls.create_federation(QUICK, bytes(32)),
        calls.batch([calls.transfer(EVE.account, one)]),
        calls.batch([calls.seal(number, 0), calls.unbond(number, one)]),
        calls.in_name_of(thief.account, calls.transfer(EVE.account, one)),
    ]


@cheat(
    Role.THIEF,
    "Has the key of a node's machine, of the scope `node`: transfers, unbonds, withdraws, stakes, "
    "founds, votes, or wraps that in a batch.",
    Outcome.REFUSED,
    "The scope has calls only that move nothing (`bcfl keys restrict`); the rest needs the owner's "
    "key, and is refused before a fee is taken.",
)
def test_a_nodes_key_moves_no_money(found: Found) -> None:
    stage = found(2, QUICK)
    thief, other = stage.made.members
    restrict(stage, thief, KeyScope.NODE)
    number = stage.number
    refuses_all(
        stage,
        thief,
        [
            *takes_money(stage, thief),
            calls.propose(number, other.account),
            calls.vote(number, 0, approve=True),
            calls.dispute(number, 0),
            calls.register_attester(number, bytes(32)),
            calls.attest(number, 0, bytes(32), bytes(32)),
            calls.bind_node_key(number, None),
        ],
    )
    # what the machine is for goes on
    made = stage.open()
    stage.commit(made, thief, other)


@cheat(
    Role.THIEF,
    "Has the key of a server, of the scope `coordinator`: changes terms, hands over, takes the "
    "bond back, closes the federation.",
    Outcome.REFUSED,
    "The scope opens, relays, settles and ends rounds. What governs, and the bond, need the owner.",
)
def test_a_servers_key_governs_nothing(found: Found) -> None:
    stage = found(2, replace(QUICK, governance=Governance.COORDINATOR))
    thief, number = stage.newcomer("server"), stage.number
    stage.do("replace_coordinator", thief.account, by=stage.boss)
    restrict(stage, thief, KeyScope.COORDINATOR)
    refuses_all(
        stage,
        thief,
        [
            *takes_money(stage, thief),
            calls.set_terms(number, QUICK),
            calls.replace_coordinator(number, EVE.account),
            calls.name_successors(number, Succession((EVE.account,), 1, 1)),
            calls.rebase(number, MODEL),
            calls.withdraw_bond(number),
            calls.close(number),
            calls.refund(number, thief.account),
        ],
    )
    first, second = stage.made.members
    made = stage.open(by=thief)
    stage.commit(made, first, second)
    stage.seal(made)
    stage.do("settle", made, NEXT_MODEL, REPORT, stage.verdicts(made), by=thief)
    assert stage.round(made).settlement is not None


@cheat(
    Role.THIEF,
    "Makes itself the owner of the account whose key it has, sets another scope, or lifts it.",
    Outcome.REFUSED,
    "No scope has these calls: only the owner sends them, in the account's name.",
)
def test_a_key_does_not_free_itself(found: Found) -> None:
    stage = found(2, QUICK)
    thief, _ = stage.made.members
    restrict(stage, thief, KeyScope.ATTESTER)
    refuses_all(
        stage,
        thief,
        [
            calls.restrict(EVE.account, KeyScope.NODE),
            calls.set_scope(KeyScope.COORDINATOR),
            calls.lift_scope(),
            calls.Call("Proxy", "remove_proxies", {}),
            calls.Call(
                "Proxy",
                "add_proxy",
                {"delegate": "0x" + EVE.account.raw.hex(), "proxy_type": "Any", "delay": 0},
            ),
        ],
    )


@cheat(
    Role.THIEF,
    "Goes on with a key that its owner has frozen, and commits in the next round.",
    Outcome.REFUSED,
    "`bcfl keys freeze`: a frozen key sends nothing. The owner takes the stake out, and another "
    "account joins.",
)
def test_a_frozen_key_is_worth_nothing(found: Found) -> None:
    stage = found(2, QUICK)
    thief, other = stage.made.members
    restrict(stage, thief, KeyScope.NODE)
    stage.chain.execute(calls.in_name_of(thief.account, calls.set_scope(KeyScope.FROZEN)), OWNER)
    made = stage.open()
    with pytest.raises(KeyRestricted, match="scope frozen"):
        stage.commit(made, thief)
    stage.commit(made, other)
    refuses_all(stage, thief, [calls.seal(stage.number, made)])
    stake = stage.member(thief).stake
    out = calls.unbond(stage.number, Planck(stake))
    until = event(stage.chain.execute(calls.in_name_of(thief.account, out), OWNER), "Unbonding")
    assert until.account() == thief.account


@cheat(
    Role.THIEF,
    "Acts as the owner of an account without being it.",
    Outcome.REFUSED,
    "`NotProxy`: the account names its owner on chain.",
)
def test_another_owner(found: Found) -> None:
    stage = found(2, QUICK)
    member, _ = stage.made.members
    restrict(stage, member, KeyScope.NODE)
    before = stage.free(member)
    with pytest.raises(Exception, match="NotProxy"):
        stage.chain.execute(
            calls.in_name_of(member.account, calls.transfer(EVE.account, Planck(UNIT))), EVE
        )
    assert stage.free(member) == before


@cheat(
    Role.THIEF,
    "Burns what the account has by a tip on a call of its scope.",
    Outcome.REFUSED,
    "A key with a scope offers no tip; and calls of the scope cost the fees of calls that anyone "
    "may send.",
)
def test_a_tip_burns_nothing(found: Found) -> None:
    stage = found(2, QUICK)
    thief, _ = stage.made.members
    restrict(stage, thief, KeyScope.NODE)
    before = stage.free(thief)
    for tip in (1, before // 2):
        with pytest.raises(TransactionRefused, match="Custom error: 2"):
            send_with_tip(stage, calls.seal(stage.number, 0), thief, tip)
    assert stage.free(thief) == before


def send_with_tip(stage: Stage, call: Call, who: Signer, tip: int) -> None:
    """Send a call with a tip: the client never offers one."""
    import substrateinterface  # noqa: PLC0415 (only here)

    key = substrateinterface.Keypair.create_from_uri(
        f"//bcfl//federation-{stage.number}//{_name(stage, who)}"
    )
    assert key.public_key == who.account.raw
    with substrateinterface.SubstrateInterface(stage.chain.url) as chain:
        made = chain.compose_call(call.pallet, call.function, dict(call.args))
        extrinsic = chain.create_signed_extrinsic(made, key, tip=tip)
        try:
            chain.submit_extrinsic(extrinsic)
        except substrateinterface.exceptions.SubstrateRequestException as error:
            said = error.args[0]
            raise TransactionRefused(said["code"], said["message"], said["data"]) from None


def _name(stage: Stage, who: Signer) -> str:
    return f"member-{stage.made.members.index(who)}"
