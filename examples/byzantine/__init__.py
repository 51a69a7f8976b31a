"""Ten nodes train, three of them poison, and a chain keeps the books.

See docs/measurements/demo.md.
"""
