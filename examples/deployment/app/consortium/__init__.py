"""Hospitals that train one model together."""
