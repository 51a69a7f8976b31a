"""Chain specifications, and networks of validators on this machine."""
