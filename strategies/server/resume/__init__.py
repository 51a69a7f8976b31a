"""A run that goes on where a killed process left it."""
