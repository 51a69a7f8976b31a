"""Blocks and the pool: what is authored, kept, exported and refused."""
