"""``bcfl validator``: session keys, and who validates with them."""
