"""What a machine of calls is made of: accounts, their moves, one checked step, the invariants."""
