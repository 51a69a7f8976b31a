"""Hospitals train together over a real SuperLink, each with a SuperNode and a stake of its own.

``python -m examples.deployment`` starts all of it on this machine, and ends some of it unasked.
"""
