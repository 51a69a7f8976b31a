"""What is open during a run: the chain, the files, and the plugins that stand on them."""
