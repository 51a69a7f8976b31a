"""Plants with seats and points, one of them miswired: ``python -m examples.industry``."""
