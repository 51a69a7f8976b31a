"""What a run must not have whose updates are masked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.config.secure import MASKING, SKETCHED, SecureConfig
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.secure.sketches import LEAST_RATIO, SketchSize
from strategies.messages.records import to_arrays
from strategies.server.reading.expectations import unmaskable

if TYPE_CHECKING:
    from bcfl_plugins.config.run_config import BcflConfig
    from strategies._flower import ArrayRecord
    from strategies._flower import strategy as flower

_log = logging.getLogger("flwr.bcfl")


def check_maskable(config: BcflConfig, strategy: flower.Strategy, arrays: ArrayRecord) -> None:
    """Refuse a strategy or a model that cannot do with masked updates, before anything is asked.

    Raises
    ------
    ConfigError
        Naming what to change.
    """
    if MASKING not in config.plugin_names:
        return
    problem = unmaskable(strategy)
    if problem is not None:
        raise ConfigError(
            f"{problem}, and under {MASKING} the server sees none: take FedAvg, or one of its "
            f"kind with a step of the server (FedAvgM, FedAdam, FedYogi, FedAdagrad, FedProx)"
        )
    model = to_arrays(arrays)
    odd = [name for name, array in model.items() if array.dtype.kind != "f"]
    if odd:
        raise ConfigError(
            f"array {odd[0][:80]!r} of the model is {model[odd[0]].dtype}, and masked updates are "
            f"of floats: keep it on the nodes, out of what is sent"
        )
    secure = config.secure or SecureConfig()
    size = SketchSize(secure.tables, secure.width)
    parameters = sum(array.size for array in model.values())
    if secure.mode in SKETCHED and not size.hides(parameters):
        raise ConfigError(
            f"a sketch of {size.cells} numbers tells too much of {parameters} parameters: take at "
            f"most {parameters // LEAST_RATIO} (bcfl.secure.tables times bcfl.secure.width), or "
            f'bcfl.secure.mode = "sum"'
        )
