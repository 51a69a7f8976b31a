"""The second of two servers: it keeps one half of each update, and sums those that are accepted.

An organisation that is independent of the coordinator's runs it (``bcfl aggregator``). It believes
the coordinator nothing: who is in a round it reads on chain.
"""
