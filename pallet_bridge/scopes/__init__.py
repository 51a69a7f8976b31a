"""Keys that cannot move money: what each scope has, and who owns a restricted account."""

from pallet_bridge.scopes.reading import key_owners, proxy_deposit, scope_of
from pallet_bridge.scopes.table import SCOPES, in_scope

__all__ = ["SCOPES", "in_scope", "key_owners", "proxy_deposit", "scope_of"]
