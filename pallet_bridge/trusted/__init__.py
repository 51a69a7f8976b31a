"""Whom to believe about a chain: nodes that prove, several that agree, or one on its word."""
