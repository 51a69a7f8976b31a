"""What several rules are made of: clusterings, lengths, memories, bounds."""
