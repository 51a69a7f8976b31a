"""What ends, seals and clears rounds away, and what a run left unsent."""
