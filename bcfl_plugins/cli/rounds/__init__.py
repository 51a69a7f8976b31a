"""What became of rounds, what ends, seals and clears them away, and what a run left unsent."""

PANEL = "Rounds and what is left of them"
"""Under which the help lists these commands."""
