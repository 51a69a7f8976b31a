"""Every reader of something from outside, with inputs for it."""

from __future__ import annotations

from scripts.fuzz.targets import chain, files, replies, texts

ALL = {
    target.name: target
    for target in (*replies.TARGETS, *files.TARGETS, *texts.TARGETS, *chain.TARGETS)
}
"""The targets by name."""
