"""What happened when version 0.1.0 was deployed as Flower is, and the tests of what happens now.

Each row is something that went wrong for somebody, or that has to stay. `test_table.py` holds that
each named test is there.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """What happened, and the tests that assert what happens now."""

    happened: str
    tests: tuple[str, ...]


WINDOWS = "tests/conformance/test_windows.py::"
KILLED = "tests/e2e/killed/test_server_killed.py::"
AGAIN = "tests/e2e/killed/test_start_again.py::"
STARTS = "tests/e2e/deployed/test_several_starts.py::"
URL = "tests/e2e/test_url.py::"
COMMANDS = "tests/e2e/commands/"
UNPROTECTED = "tests/unit/strategies/test_unprotected.py::"
STEPS = "tests/unit/strategies/test_steps.py::"
IDENTITY = "tests/unit/strategies/server/nodes/test_identity.py::"
RUNS = "tests/tried/test_runs.py::"
CHAIN = "tests/tried/test_chain_comes_and_goes.py::"
APPS = "tests/apps/test_apps.py::"
LIES = "tests/unit/pallet_bridge/client/test_every_lie.py::"
DEPLOYED = "tests/e2e/deployed/test_deployment.py::test_a_consortium_over_flowers_own_processes"
TOLD = f"{APPS}test_an_app_that_cannot_be_adopted_so_is_told_what_to_change"
TRAINS = f"{APPS}test_with_three_lines_the_app_trains_and_all_of_it_is_on_chain"

ROWS = (
    Row(
        "default terms on slots of 3 s: every commitment refused, and the run ended normally",
        (
            f"{WINDOWS}test_training_that_outlasts_the_window_ends_with_the_window_that_would_do",
            f"{URL}test_a_server_app_whose_training_outlasts_the_window_fails",
            "tests/e2e/test_command_line.py::test_doctor_holds_windows_against_the_training",
        ),
    ),
    Row(
        "one node slower than the window: all rounds aborted, for all",
        (
            f"{RUNS}test_a_node_that_is_slower_than_the_window_costs_only_itself",
            (
                "tests/unit/strategies/server/test_following.py::"
                "test_the_quorum_ends_the_wait_and_who_came_later_is_named"
            ),
        ),
    ),
    Row(
        "ten fast rounds: six on chain, exit code 0",
        (
            f"{WINDOWS}test_rounds_that_are_faster_than_blocks_are_all_on_chain_at_the_end",
            f"{URL}test_a_run_whose_chain_died_ends_as_failed_and_hands_over_its_model",
        ),
    ),
    Row(
        "ServerApp killed inside a round: RoundInProgress for good, no command, outbox unread",
        (
            f"{KILLED}test_a_server_that_is_killed_goes_on_where_it_was",
            f"{KILLED}test_a_server_that_is_killed_again_and_again_comes_to_its_end",
            f"{AGAIN}test_a_run_can_be_ended_instead",
            f"{COMMANDS}test_plans.py::test_rounds_are_sealed_called_off_and_cleared_away",
            f"{COMMANDS}test_shell.py::test_calls_that_a_run_left_are_listed_and_sent",
        ),
    ),
    Row(
        "the next audit counts the rounds of the next run as its own",
        (f"{RUNS}test_an_audit_counts_the_rounds_of_its_own_run",),
    ),
    Row(
        "ServerApp killed, embedded chain: the chain is lost, and the audit finds no file",
        (
            "tests/e2e/kept/test_cut_off.py::test_a_killed_run_is_audited_and_its_chain_goes_on",
            (
                "tests/e2e/kept/test_killed_chain.py::"
                "test_a_killed_chain_reopens_with_every_final_block"
            ),
        ),
    ),
    Row(
        "slow cold start: NotEnoughNodes after a fixed minute, and no setting named",
        (
            f"{IDENTITY}test_a_slow_start_is_waited_for_once_and_a_dead_node_costs_a_minute_a_round",
            (
                "tests/unit/strategies/test_guard.py::"
                "test_too_few_eligible_nodes_end_the_wait_with_the_reasons"
            ),
            (
                "tests/e2e/test_quickstart_simulation.py::"
                "test_rounds_are_settled_on_chain_in_the_simulation_engine"
            ),
        ),
    ),
    Row(
        "start() twice in one app, or two runs with memory: all refuse, the result is empty",
        (
            f"{STARTS}test_two_starts_in_one_app_are_two_runs_on_two_chains",
            f"{STARTS}test_nodes_that_sign_for_another_chain_end_the_run_and_say_so",
            f"{URL}test_a_second_run_that_starts_anew_is_told_to_go_on",
            TRAINS,
        ),
    ),
    Row(
        "plugins named, but legacy strategy, SecAgg+, own loop, or bcfl= forgotten: silence",
        (
            f"{UNPROTECTED}TestLegacy::test_a_server_fn_is_refused_before_it_is_called",
            f"{UNPROTECTED}TestLegacy::test_a_secagg_workflow_is_refused",
            f"{UNPROTECTED}test_a_loop_of_ones_own_sends_no_training_past_the_plugins",
            f"{UNPROTECTED}test_a_forgotten_bcfl_is_refused_before_anything_is_asked",
            f"{UNPROTECTED}test_nodes_do_not_train_for_a_server_without_the_plugins",
            TOLD,
        ),
    ),
    Row(
        "a strategy with its own start: ConfigError after the swap",
        (
            f"{STEPS}test_own_start_opens_the_session",
            f"{STEPS}test_own_start_that_calls_ours_opens_one_session",
            f"{UNPROTECTED}test_a_strategy_within_another_is_told_of_guard_and_of_the_grid",
            TRAINS,
        ),
    ),
    Row(
        "clients that quantise, nodes that build the model: result empty, no exception",
        (
            f"{UNPROTECTED}test_nodes_that_quantise_end_the_run_with_the_word_that_helps",
            f"{UNPROTECTED}test_nodes_that_build_the_model_are_told_before_they_are_asked",
            (
                "tests/unit/strategies/server/reading/test_examine.py::"
                "test_floats_that_all_came_as_whole_numbers_are_quantised"
            ),
            TOLD,
        ),
    ),
    Row(
        "strategies that filter replies: the filtered are recorded as silent",
        (f"{STEPS}test_a_strategy_that_filters_replies_has_them_judged_before",),
    ),
    Row(
        "an unstaked node: left out without a line, and not in the report",
        (
            f"{URL}test_a_node_without_stake_is_named_once_and_stands_in_every_report",
            DEPLOYED,
        ),
    ),
    Row(
        "XGBoost with the README's table: ConfigError once the round is on chain",
        (
            (
                "tests/unit/strategies/test_presets.py::"
                "test_what_cannot_work_on_trees_is_said_before_anything_is_on_chain"
            ),
            TOLD,
            f"{APPS}test_trees_are_trained_with_the_plugins_that_the_word_names",
        ),
    ),
    Row(
        "runs/ lies in the SuperLink's working folder, and no line says where",
        (f"{RUNS}test_the_folder_of_a_run_is_said_once_with_its_whole_path", DEPLOYED),
    ),
    Row(
        "Flower installs the app's dependencies: listing bcfl-plugins fails, and nothing says so",
        (
            f"{RUNS}test_no_app_asks_flower_to_install_what_its_index_does_not_have",
            (
                f"{RUNS}test_an_app_finds_this_package_beside_flower_when_flower_installs_"
                "its_dependencies"
            ),
        ),
    ),
    Row(
        "two nodes: nobody is ever rejected, and nothing says so",
        (
            (
                "tests/e2e/participation/test_few_nodes.py::"
                "test_among_two_nodes_it_is_said_before_anybody_trains"
            ),
            (
                "tests/unit/bcfl_plugins/plugins/test_outliers.py::"
                "test_it_is_said_once_that_two_nodes_have_no_majority"
            ),
        ),
    ),
    Row(
        "keys of nodes: no page; nothing ties the account to the SuperNode's key",
        (
            (
                "tests/e2e/deployed/test_supernode_keys.py::"
                "test_a_stolen_chain_key_takes_no_part_from_another_supernode"
            ),
            "tests/unit/bcfl_plugins/cli/test_site.py::test_a_site_that_can_take_part_is_told_so",
            "tests/unit/bcfl_plugins/cli/test_site.py::test_a_key_without_a_stake_is_named",
            DEPLOYED,
        ),
    ),
    Row(
        "make keys, fund, create, join, stake, leave, abort, expire, prune, drain: no command",
        (
            f"{COMMANDS}test_consortium.py::test_without_a_sudo_key_nobody_is_root",
            f"{COMMANDS}test_plans.py::test_stake_comes_and_goes",
            f"{COMMANDS}test_plans.py::test_closing_gives_everything_back",
            f"{COMMANDS}test_plans.py::test_a_reward_that_nobody_claims_is_lost_after_its_last_block",
            f"{COMMANDS}test_shell.py::test_what_was_foreseen_is_what_is_done",
        ),
    ),
    Row(
        "legacy API: obscure TypeErrors and AttributeErrors",
        (
            f"{UNPROTECTED}TestLegacy::test_guard_says_what_a_legacy_strategy_is",
            f"{UNPROTECTED}TestLegacy::test_arguments_of_before_are_named_with_what_they_are_now",
            f"{UNPROTECTED}TestLegacy::test_a_strategy_of_ours_under_a_legacy_server_is_told",
            TOLD,
        ),
    ),
    Row(
        "node killed and back within flush_s: every round settled exactly once (stays)",
        (f"{CHAIN}test_a_node_that_is_back_in_time_has_each_round_once",),
    ),
    Row(
        "node back after the flush deadline: the audit misses a round in the journal",
        (
            f"{CHAIN}test_a_node_that_is_back_too_late_gets_what_it_missed_by_the_next_start",
            (
                "tests/conformance/test_killed.py::"
                "test_a_chain_that_is_gone_costs_the_record_and_never_the_model"
            ),
        ),
    ),
    Row(
        "node back on an empty disk: FederationNotFound after all training, the model is lost",
        (
            f"{CHAIN}test_a_node_that_is_back_with_an_empty_disk_costs_the_record_and_not_the_model",
            (
                "tests/conformance/test_killed.py::"
                "test_a_node_that_lost_its_disk_is_away_though_its_genesis_is_the_same"
            ),
        ),
    ),
    Row(
        "runtime upgrade while a run goes on: the training ends, the audit fails",
        (
            f"{LIES}test_a_compatible_upgrade_goes_on_with_metadata_read_anew",
            f"{LIES}test_an_upgrade_that_changes_the_pallet_has_a_clear_end",
            (
                "tests/unit/pallet_bridge/audit/test_execution.py::"
                "test_a_runtime_that_came_during_the_run_is_found_too"
            ),
            "tests/conformance/test_upgrade.py::test_an_open_round_is_filled_and_settled",
        ),
    ),
    Row(
        "node restarted without its pool: every later call ends in ChainTimeout",
        (
            (
                "tests/conformance/test_killed.py::"
                "test_calls_go_on_after_a_node_came_back_without_its_pool"
            ),
            (
                "tests/unit/pallet_bridge/client/test_connect.py::"
                "test_a_nonce_is_asked_anew_after_a_connection_was_lost"
            ),
        ),
    ),
    Row(
        "audit of a node with pruning: State already discarded, and no word of an archive",
        (f"{CHAIN}test_an_audit_by_a_node_that_pruned_asks_for_an_archive",),
    ),
    Row(
        "accused with all its money staked: cannot pay the dispute's bond",
        ("tests/tried/test_money.py::test_who_has_staked_everything_can_object",),
    ),
    Row(
        "two or more validators: none in the project",
        (
            (
                "tests/nodes/test_network.py::"
                "test_a_network_goes_up_loses_a_node_goes_down_and_comes_back"
            ),
            "tests/nodes/test_validators.py::test_blocks_and_finality_outlive_killed_validators",
        ),
    ),
)
