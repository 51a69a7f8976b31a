"""What adversaries do on purpose: one script for each thing that calls at random rarely meet.

Each scenario has a fresh federation of its own, which stays there for all further calls. It ends
in each of the errors that it names, whatever it draws. Together they reach every error of the
pallet but `Defensive`, which nothing may reach.
"""

from __future__ import annotations

from pallet_bridge.testing.scenarios.committees import (
    attest_wrongly,
    judge_without_a_seat,
    never_attest,
    refute_a_settlement,
    too_many_attesters,
)
from pallet_bridge.testing.scenarios.governance import (
    go_on_from_elsewhere,
    govern_by_council,
    govern_without_right,
    take_over_too_early,
    too_many_proposals,
)
from pallet_bridge.testing.scenarios.guards import (
    change_terms_alone,
    claim_before_it_is_vested,
    come_uninvited,
    coordinate_without_a_bond,
    show_something_else,
    vote_with_young_stake,
    vouch_for_a_friend,
)
from pallet_bridge.testing.scenarios.members import (
    act_without_stake,
    close_too_early,
    found_with_bad_terms,
    join_full_federation,
    unbond_in_slices,
)
from pallet_bridge.testing.scenarios.offences import (
    accuse_falsely,
    report_too_late,
    resolve_by_outsiders,
    sign_twice,
    unbond_before_the_slash,
)
from pallet_bridge.testing.scenarios.roots import (
    leave_somebody_out,
    post_two_leaves_of_one_account,
    post_unsound_leaves,
)
from pallet_bridge.testing.scenarios.rounds import (
    claim_twice_and_prune_early,
    open_and_settle_too_early,
    settle_with_mistakes,
)
from pallet_bridge.testing.scenarios.scenario import Scenario, ScenarioFederation

__all__ = ["SCENARIOS", "Scenario", "ScenarioFederation"]

SCENARIOS: tuple[Scenario, ...] = (
    found_with_bad_terms,
    join_full_federation,
    unbond_in_slices,
    act_without_stake,
    close_too_early,
    open_and_settle_too_early,
    settle_with_mistakes,
    claim_twice_and_prune_early,
    post_unsound_leaves,
    post_two_leaves_of_one_account,
    leave_somebody_out,
    sign_twice,
    resolve_by_outsiders,
    report_too_late,
    accuse_falsely,
    unbond_before_the_slash,
    attest_wrongly,
    judge_without_a_seat,
    never_attest,
    refute_a_settlement,
    too_many_attesters,
    govern_without_right,
    govern_by_council,
    too_many_proposals,
    go_on_from_elsewhere,
    come_uninvited,
    vouch_for_a_friend,
    show_something_else,
    coordinate_without_a_bond,
    vote_with_young_stake,
    change_terms_alone,
    claim_before_it_is_vested,
    take_over_too_early,
)
"""All scenarios."""
