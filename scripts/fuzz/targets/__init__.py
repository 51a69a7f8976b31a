"""Every reader of something from outside, with inputs for it."""

from __future__ import annotations

from scripts.fuzz.targets import (
    chain,
    files,
    handed_on,
    nodes,
    published,
    replies,
    servers,
    texts,
)

ALL = {
    target.name: target
    for kind in (replies, files, published, handed_on, servers, texts, chain, nodes)
    for target in kind.TARGETS
}
"""The targets by name."""
