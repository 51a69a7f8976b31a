"""Plants that learn how a machine sounds that is not worn, each from its own sensors."""
