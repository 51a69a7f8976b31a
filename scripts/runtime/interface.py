"""Write what the blob's metadata says: ``python -m scripts.runtime.interface``.

The client compares every chain with it; `make wasm` writes it anew with the blob.
"""

from __future__ import annotations

import json
from pathlib import Path

import pallet_bridge.runtime
from pallet_bridge.client.codec import read_metadata
from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.embedded import EmbeddedNode

PATH = Path(pallet_bridge.runtime.__file__).with_name(pallet_bridge.runtime.INTERFACE_NAME)


def render() -> str:
    """Return the file's text for the blob that ships."""
    with EmbeddedNode.start() as node:
        rpc = RpcClient(node.url, 30.0)
        try:
            items = read_metadata(rpc).items
        finally:
            rpc.close()
    return json.dumps(dict(sorted(items.items())), indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
    print(f"wrote {PATH}")
