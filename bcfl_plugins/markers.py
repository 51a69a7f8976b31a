"""The two pluggy markers of this project."""

from __future__ import annotations

import pluggy

PROJECT = "bcfl"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Put ``@hookimpl`` on a plugin's methods; a method's name says which hook it answers."""
