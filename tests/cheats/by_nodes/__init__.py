"""What nodes try."""
