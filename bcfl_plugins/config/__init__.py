"""What an app may write under ``[tool.flwr.app.config.bcfl]``, checked key by key.

`key` and `read_table` read the table of a plugin; `terms_of` gives the terms of a new federation.
"""

from __future__ import annotations

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.config.terms import TermsConfig, terms_of

__all__ = ["BcflConfig", "TermsConfig", "key", "read_table", "terms_of"]
