"""What founds, governs and closes a federation."""
