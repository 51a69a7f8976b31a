"""Follow another server of a federation, and go on in its place."""
