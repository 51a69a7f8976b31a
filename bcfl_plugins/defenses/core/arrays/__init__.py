"""How updates become rows: parsing, the layers of a model, rows in blocks, where they compute."""
