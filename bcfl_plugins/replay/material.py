"""What a run published, read without trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.published.listing import read_listing
from bcfl_plugins.published.numbers import as_model, fits
from bcfl_plugins.published.stops import DoesNotHold
from bcfl_plugins.types import ClientUpdate
from pallet_bridge.errors import EncodingError
from pallet_bridge.errors.content import ContentError
from pallet_bridge.run.content import read_arrays, read_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from bcfl_plugins.published.listing import ListedUpdate
    from bcfl_plugins.types import Array
    from pallet_bridge.run.store import ContentStore

_OURS = "bcfl_plugins.defenses."


@dataclass(frozen=True, slots=True)
class Material:
    """The content of a run's store.

    Parameters
    ----------
    store : ContentStore
        Where it is.
    modules : set of str
        Modules of rules besides our own, of which memories may hold values.
    """

    store: ContentStore
    modules: AbstractSet[str] = frozenset()

    def value(self, address: bytes | None, what: str) -> Any:  # noqa: ANN401 - whatever was kept
        """Return a value that was published.

        Raises
        ------
        DoesNotHold
            If it is not there, or is something else.
        """
        data = self._bytes(address, what)
        return self._read(what, lambda: read_value(data, self._is_known))

    def arrays(self, address: bytes, what: str) -> dict[str, Array]:
        """Return a model or an update.

        Raises
        ------
        DoesNotHold
            If it is not there, or is something else.
        """
        data = self._bytes(address, what)
        found: dict[str, Array] = self._read(what, lambda: read_arrays(data))
        return found

    def updates(
        self, address: bytes | None, base: Mapping[str, Array]
    ) -> tuple[tuple[ListedUpdate, ClientUpdate], ...]:
        """Return the updates of a round, as they came and screened again.

        Raises
        ------
        DoesNotHold
            If one is not there, or is not what may be averaged.
        """
        plain = self.value(address, "the list of updates")
        listed = self._read("the list of updates", lambda: read_listing(plain))
        return tuple((one, self._update(one, base)) for one in listed)

    def _update(self, listed: ListedUpdate, base: Mapping[str, Array]) -> ClientUpdate:
        what = f"the update of node {listed.node.node_id}"
        sent = self.arrays(listed.digest, what)
        if sent.keys() != base.keys() or any(
            sent[name].shape != like.shape or not fits(sent[name].dtype, like.dtype)
            for name, like in base.items()
        ):
            raise DoesNotHold(f"{what} does not have the model's arrays, and was not left out")
        arrays, problem = as_model(sent, base)
        if problem:
            raise DoesNotHold(f"{what} was not left out, though it has {problem}")
        return ClientUpdate(listed.node, arrays, listed.claim, sent=sent)

    def _is_known(self, name: str) -> bool:
        module, _, _ = name.partition(":")
        return module.startswith(_OURS) or module in self.modules

    def _bytes(self, address: bytes | None, what: str) -> bytes:
        if address is None:
            raise DoesNotHold(f"the report does not say where {what} is")
        try:
            return self.store.get(address)
        except (ContentError, OSError) as error:
            raise DoesNotHold(f"{what}: {error}") from error

    def _read(self, what: str, read: Callable[[], Any]) -> Any:  # noqa: ANN401 - what `read` gives
        try:
            return read()
        except EncodingError as error:
            raise DoesNotHold(f"{what}: {error}") from error
