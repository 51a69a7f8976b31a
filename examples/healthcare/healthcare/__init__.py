"""Hospitals that learn from breast cancer biopsies, each from its own."""
