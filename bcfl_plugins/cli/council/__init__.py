"""``bcfl council``: what a chain's council decides."""
