"""What is generated: rounds of updates, federations, replies and reports."""
