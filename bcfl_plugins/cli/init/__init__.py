"""``bcfl init``: write the table of this library into the pyproject.toml of a Flower app."""
