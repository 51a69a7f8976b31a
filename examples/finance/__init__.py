"""Banks that look for fraud, one of which is misused: ``python -m examples.finance``."""
