"""The rules, one small class each, by family."""
