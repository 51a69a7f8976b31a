"""Hospitals that are not alike, one of them poisoned: ``python -m examples.healthcare``."""
