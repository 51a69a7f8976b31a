"""One test for each cheat, by the role that cheats: what comes of it, on the real runtime."""
