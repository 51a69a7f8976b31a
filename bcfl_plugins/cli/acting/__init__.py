"""What the commands that act on a chain share: what is seen, what is planned, how it is sent."""
