"""Plugins under test: checks of one plugin, and histories of runs."""
