"""Money of an account that is in no federation, and the time until a block."""
