"""The version of the three packages: the one place where it is written.

It stands in the lowest package, so that all three can have it. The build reads it from this file,
and a run-time look-up in the installed metadata, which costs milliseconds, is not needed. The Rust
workspace has a version of its own: a runtime is told from another by its ``spec_version``.
"""

from __future__ import annotations

__version__ = "0.1.0"
