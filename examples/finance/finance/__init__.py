"""Banks that learn to find fraud, each from its own customers."""
