"""How updates become rows: parsing, the leaves of a model, rows in blocks, where they compute."""
