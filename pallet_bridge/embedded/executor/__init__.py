"""The runtime in Wasm, and the host functions that it calls."""
