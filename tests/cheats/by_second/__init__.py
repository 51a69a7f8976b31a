"""What the second of two servers tries, and what others try with it."""
