"""Pure decisions over updates: no I/O, clock, random numbers or logging; numpy only."""
