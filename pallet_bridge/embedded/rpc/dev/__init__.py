"""`dev_*`: what a test may do to a chain and nobody else. Served when it is asked for."""
