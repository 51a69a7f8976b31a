"""Which nodes a setting names."""

from __future__ import annotations

from pallet_bridge.errors import ConfigError


def urls_of(target: str) -> tuple[str, ...]:
    """Return the URLs of the nodes that a setting names, with commas between them.

    Raises
    ------
    ConfigError
        When one of them is no URL of a node, or is named twice.
    """
    urls = tuple(one.strip() for one in target.split(","))
    for url in urls:
        if not url.startswith(("ws://", "wss://")):
            raise ConfigError(
                f"{url!r} names no chain: write 'embedded', ws://HOST:PORT or wss://HOST, or "
                "several such URLs with commas"
            )
        if urls.count(url) > 1:
            raise ConfigError(f"{url} is named twice: to ask one node twice proves nothing")
    return urls
