"""What an account must not forget, on disk: what it signed, for whom, and which rounds it opened."""
