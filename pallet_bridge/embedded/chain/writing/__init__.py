"""What a chain writes down as it goes."""
