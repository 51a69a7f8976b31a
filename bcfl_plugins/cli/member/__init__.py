"""What a member does: join, add stake, leave, and what it may do now."""
