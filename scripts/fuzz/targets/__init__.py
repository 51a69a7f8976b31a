"""Every reader of something from outside, with inputs for it."""

from __future__ import annotations

from scripts.fuzz.targets import chain, files, published, replies, texts

ALL = {
    target.name: target
    for kind in (replies, files, published, texts, chain)
    for target in kind.TARGETS
}
"""The targets by name."""
