"""A federation of four on the embedded chain, of which two are on the list."""

import numpy as np
import pytest
from bcfl_roster import Roster
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins import ConfigError
from bcfl_plugins.testing import check_plugin
from pallet_bridge import Signer
from strategies import ClientApp, FedAvg
from strategies.errors import NotEnoughNodes
from strategies.testing import InProcessGrid

ACCOUNTS = [Signer.from_uri(f"//bcfl//node-{number}").account for number in range(4)]


def app():
    made = ClientApp()

    @made.train()
    def train(message, context):
        number = context.node_config["partition-id"]
        moved = [a + number for a in message.content["arrays"].to_numpy_ndarrays()]
        metrics = MetricRecord({"num-examples": 10})
        content = RecordDict({"arrays": ArrayRecord(moved), "metrics": metrics})
        return Message(content, reply_to=message)

    return made


def train(tmp_path, file):
    config = {
        "bcfl.plugins": "staking, roster, round_log",  # found by its entry point
        "bcfl.roster.file": str(file),
        "bcfl.run_dir": str(tmp_path / "runs"),
        "bcfl.wait_for_nodes_s": 0,
    }
    with InProcessGrid(app(), num_nodes=4) as grid:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=config)
        return strategy.start(grid, ArrayRecord([np.zeros(3, np.float32)]), num_rounds=1)


def test_who_is_not_listed_does_not_take_part(tmp_path):
    file = tmp_path / "roster.txt"
    file.write_text(f"# since May\n{ACCOUNTS[1]}  north\n\n{ACCOUNTS[3]}\n")
    assert train(tmp_path, file).arrays["0"].numpy().tolist() == [2.0] * 3


def test_too_few_on_the_list_are_named(tmp_path):
    file = tmp_path / "roster.txt"
    file.write_text(f"{ACCOUNTS[0]}\n")
    with pytest.raises(NotEnoughNodes, match=r"is not in roster\.txt"):
        train(tmp_path, file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"bcfl\.roster\.file cannot be read"):
        train(tmp_path, tmp_path / "nothing")


def test_it_keeps_the_rules_of_plugins(tmp_path):
    file = tmp_path / "roster.txt"
    file.write_text(f"{ACCOUNTS[0]}\n")
    check_plugin(lambda: Roster(file), on_fail="raise")
