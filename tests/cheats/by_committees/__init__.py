"""What committees refute, rightly or not, and who pays for it."""
