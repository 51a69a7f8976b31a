"""What a round publishes so that anybody can decide it again."""
