"""The JSON-RPC methods of a node, and the WebSocket server that offers them."""
