"""Secure aggregation: masks that cancel in a sum, and sketches by which masked updates are judged.

The pure core: no message, no chain, no file. What it protects and what it does not stands in
``docs/explanation/who-sees-what.md``. No outside cryptographer has read it.
"""
