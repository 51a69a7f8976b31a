"""Every reader of something from outside, with inputs for it."""

from __future__ import annotations

from scripts.fuzz.targets import chain, files, handed_on, published, replies, texts

ALL = {
    target.name: target
    for kind in (replies, files, published, handed_on, texts, chain)
    for target in kind.TARGETS
}
"""The targets by name."""
