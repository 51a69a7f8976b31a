"""What an account must not forget, on disk: what it signed, for whom, what it instructed."""
