"""Going on from the state of a live node, which is read when it is asked for."""
