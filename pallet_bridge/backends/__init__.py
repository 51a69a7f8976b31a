"""How chains are spoken to. Each backend implements `pallet_bridge.client.ChainClient`."""
