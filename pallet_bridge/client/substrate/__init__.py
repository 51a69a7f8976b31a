"""Beside the codec: what stands on the types of substrate-interface's own codec."""
