"""Ten nodes train, three of them poison, and a chain keeps the books; see docs/demo.md."""
