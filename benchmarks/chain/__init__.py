"""Speed of the embedded chain: its execution core, and what a client sees of its node."""
