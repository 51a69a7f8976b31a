"""The errors of pallet-bcfl by their names in the metadata."""

from __future__ import annotations

from pallet_bridge.errors import CallFailed, offices, pallet, refuting

pallet_errors: dict[str, type[CallFailed]] = {
    name: one
    for name, one in [*vars(pallet).items(), *vars(offices).items(), *vars(refuting).items()]
    if isinstance(one, type) and issubclass(one, CallFailed) and one is not CallFailed
}
"""The class of each error of pallet-bcfl by its name in the metadata."""


def call_failed(pallet_name: str, name: str, docs: str = "", inside: str = "") -> CallFailed:
    """Return the error of the class that belongs to `name`, or a plain `CallFailed`."""
    cls = pallet_errors.get(name, CallFailed) if pallet_name == "Bcfl" else CallFailed
    return cls(pallet_name, name, docs, inside)
