"""What several plugins share about one round: its judge, its report, its settlement."""
