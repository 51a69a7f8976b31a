"""Federated learning simulated on one core: data, training, attacks, rules, tables."""
