"""What a chain stores: SCALE, the overlay, and the trie with its root."""
