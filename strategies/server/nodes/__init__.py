"""Who the nodes are, whose SuperNodes they run on, and which of them may take part."""
