"""What a node of the chain tries with those who ask it."""
