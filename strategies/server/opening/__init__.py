"""Open a training round: what goes out, and what it says."""
