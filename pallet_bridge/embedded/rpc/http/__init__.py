"""JSON-RPC over HTTP, and ``/health``, on the port of the WebSocket."""
