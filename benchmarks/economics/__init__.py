"""What taking part in a federation pays: measured on the runtime, then sampled."""
