"""What a runtime's own metadata says of its storage, and values written by it.

`storage.read_metadata` reads metadata of version 14; a `storage.StorageItem` writes keys and values
from what JSON can say. What is checked and signed on behalf of a client goes by
`pallet_bridge.interface` and the client's codec instead: this is for a chain whose runtime is at
hand and believed.
"""
