from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def _flowers_log_speaks() -> None:
    """Give Flower's logger its own level: commands called in this process leave it silenced."""
    logging.getLogger("flwr").setLevel(logging.DEBUG)
