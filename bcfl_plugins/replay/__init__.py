"""Decide the rounds of a run again from what it published, and compare bit for bit."""
