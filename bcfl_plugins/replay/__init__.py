"""Decide the rounds of a run again from what it published, and compare bit for bit."""

from bcfl_plugins.replay.run import Replayer

__all__ = ["Replayer"]
