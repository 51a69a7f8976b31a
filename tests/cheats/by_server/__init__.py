"""What the server tries."""
