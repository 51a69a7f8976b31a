"""``bcfl aggregator``: be the second of two servers."""
