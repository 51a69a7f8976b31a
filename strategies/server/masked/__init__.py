"""The server's side of secure aggregation: what it asks, and what it makes of the answers."""
