"""A short run of the fuzzer, and all inputs that are kept."""
