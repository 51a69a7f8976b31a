"""Keep the newest model of a run that fails: what was trained outlives its record."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zipfile import ZipFile

from bcfl_plugins.errors import BcflError, RecordIncomplete
from pallet_bridge.jsonio import replacing
from pallet_bridge.run.checkpoints import write_arrays
from strategies._flower import ArrayRecord
from strategies.messages.records import to_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bcfl_plugins.session.open import Session
    from pallet_bridge.copies.errors import CopyLeft
    from strategies.server.open_run import OpenRun

MODEL = "model.npz"
"""The file in a run's folder; `numpy.load` reads it."""

_log = logging.getLogger("flwr.bcfl")


@contextmanager
def model_kept(run: OpenRun) -> Iterator[None]:
    """Write the newest model into the run's folder when the run fails, and say so in the error."""
    try:
        yield
    except BaseException as error:
        several = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
        for one in several:  # more than one where several plugins failed at the run's end
            if isinstance(one, RecordIncomplete):
                one.result = run.result
        chain = run.session.services.chain
        if chain is not None and run.model is not None:
            _keep(run.model, chain.run_dir.absolute() / MODEL, error)
        raise


def keep_result(error: CopyLeft, result: object, session: Session | None) -> None:
    """Keep what a run came to whose copy alone failed, in the error and in the run's folder."""
    error.result = result
    chain = None if session is None else session.services.chain
    model = getattr(result, "arrays", None)
    if chain is not None and isinstance(model, ArrayRecord):
        _keep(model, chain.run_dir.absolute() / MODEL, error)


def _keep(model: ArrayRecord, path: Path, error: BaseException) -> None:
    try:
        save_model(model, path)
    except (BcflError, OSError, ValueError) as problem:
        _log.error("bcfl: the newest model could not be written to %s: %s", path, problem)
        return
    error.add_note(f"The newest model is in {path}; numpy.load reads it.")
    _log.error("bcfl: the run failed; its newest model is in %s", path)


def save_model(model: ArrayRecord, path: Path) -> None:
    """Write a model's arrays in numpy's format, under their own names and in their order.

    A process that ends meanwhile leaves no half file under that name.
    """
    with replacing(path) as file, ZipFile(file, "w") as archive:
        write_arrays(archive, to_arrays(model))
