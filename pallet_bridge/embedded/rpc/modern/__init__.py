"""The groups of the new JSON-RPC interface: `archive_v1`, `chainHead_v1`, `transaction*_v1`."""
