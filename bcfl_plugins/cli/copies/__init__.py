"""``bcfl copy``: runs at a URL."""
