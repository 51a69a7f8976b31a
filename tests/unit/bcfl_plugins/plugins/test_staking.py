"""Who may take part: decided on the embedded chain, not on a stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bcfl_plugins import BcflConfig, ConfigError, NodeId, NodeRef, RunInfo, Session, open_session
from bcfl_plugins.plugins.staking import why_left_out
from pallet_bridge.keys import DEV_PHRASE, Signer
from pallet_bridge.types import UNIT, AccountId, Participant, Planck
from tests.unit.pallet_bridge.some_member import some_member

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = RunInfo(1, 3)


def member(stake: int, suspended_until: int = 0) -> Participant:
    return some_member(stake, suspended_until)


def node(number: int, uri: str | None = None, account: AccountId | None = None) -> NodeRef:
    if uri is not None and account is None:
        account = Signer.from_uri(uri).account
    return NodeRef(NodeId(number), account, uri)


ALICE = node(1, "//Alice")


@pytest.mark.parametrize(
    ("ref", "found", "says"),
    [
        (node(1), None, "has not proved that it owns an account"),
        (ALICE, None, "has not joined the federation"),
        (ALICE, member(99), "its active stake of 99 planck is below 100"),
        (ALICE, member(100, suspended_until=8), "suspended until block 8 (now 7)"),
        (ALICE, member(100, suspended_until=7), None),
        (ALICE, member(100), None),
    ],
)
def test_the_reason_is_said_in_plain_words(
    ref: NodeRef, found: Participant | None, says: str | None
) -> None:
    reason = why_left_out(ref, found, Planck(100), block=7)
    if says is None:
        assert reason is None
    else:
        assert says in str(reason)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": "staking",
            "bcfl.run_dir": str(tmp_path_factory.mktemp("runs")),
            "bcfl.on_chain_error": "fail",
            "bcfl.terms.min_stake": "50 UNIT",
        }
    )
    with open_session(config) as opened:
        yield opened


def stake_of(session: Session, account: AccountId | None) -> int | None:
    chain = session.services.chain
    assert chain is not None
    assert account is not None
    found = chain.client.participant(chain.federation, account)
    return None if found is None else found.active


@pytest.mark.slow
def test_nodes_with_development_keys_are_joined_once(session: Session) -> None:
    chain = session.services.chain
    assert chain is not None
    nodes = (node(1, "//bcfl//node-1"), node(2, "//bcfl//node-2"), node(3))
    assert list(session.hooks.eligible_nodes(RUN, 1, nodes)) == [3]
    assert [stake_of(session, n.account) for n in nodes[:2]] == [50 * UNIT] * 2
    block = chain.client.head()
    assert list(session.hooks.eligible_nodes(RUN, 2, nodes)) == [3]
    assert chain.client.head() == block, "a second question must not change the chain"


@pytest.mark.slow
def test_more_nodes_than_one_call_has_room_for_are_joined_in_few_blocks(tmp_path: Path) -> None:
    """Row "provisioning of 1,000 members in 1,000 blocks" of what all plugins cost."""
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": "staking",
            "bcfl.run_dir": str(tmp_path),
            "bcfl.on_chain_error": "fail",
            "bcfl.terms.max_participants": 150,
        }
    )
    with open_session(config) as opened:
        chain = opened.services.chain
        assert chain is not None
        nodes = tuple(node(number, f"//bcfl//node-{number}") for number in range(140))
        before = chain.client.head().number
        assert list(opened.hooks.eligible_nodes(RUN, 1, nodes)) == []
        assert len(chain.client.participants(chain.federation)) == 140
        assert chain.client.head().number - before < 40


@pytest.mark.slow
def test_more_nodes_than_the_federation_takes_are_told_which_setting_to_change(
    tmp_path: Path,
) -> None:
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": "staking",
            "bcfl.run_dir": str(tmp_path),
            "bcfl.terms.max_participants": 3,
        }
    )
    with open_session(config) as opened:
        nodes = tuple(node(number, f"//bcfl//node-{number}") for number in range(5))
        assert opened.hooks.eligible_nodes(RUN, 1, nodes[:2]) == {}
        with pytest.raises(ConfigError, match=r"set bcfl\.terms\.max_participants to 5 or more"):
            opened.hooks.eligible_nodes(RUN, 1, nodes)


def test_a_node_that_names_the_key_of_another_is_not_joined(session: Session) -> None:
    liar = node(7, "//bcfl//node-70", Signer.from_uri("//bcfl//node-71").account)
    assert list(session.hooks.eligible_nodes(RUN, 1, (liar,))) == [7]
    assert stake_of(session, liar.account) is None


@pytest.mark.parametrize("uri", ["", "nonsense", "//", f"{DEV_PHRASE}//x", "//" + "x" * 300])
def test_nonsense_from_a_node_costs_that_node_only(session: Session, uri: str) -> None:
    good = node(1, "//bcfl//node-1")
    bad = NodeRef(NodeId(8), Signer.from_uri("//bcfl//node-8").account, uri)
    assert list(session.hooks.eligible_nodes(RUN, 1, (good, bad))) == [8]


@pytest.mark.slow
def test_without_auto_join_nobody_is_funded(tmp_path: Path) -> None:
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": "staking",
            "bcfl.run_dir": str(tmp_path),
            "bcfl.staking.auto_join": False,
        }
    )
    with open_session(config) as opened:
        left_out = opened.hooks.eligible_nodes(RUN, 1, (node(1, "//bcfl//node-1"),))
        assert "has not joined the federation" in left_out[NodeId(1)]


def test_it_needs_a_chain() -> None:
    config = BcflConfig.from_run_config({"bcfl.plugins": "staking", "bcfl.chain": "none"})
    with pytest.raises(ConfigError, match="cannot work without a chain"):
        open_session(config)
