"""A folder that keeps a chain: one file that only grows, and one process that writes it."""
