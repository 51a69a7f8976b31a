"""A light client: what is final and what is stored, by proofs and not by a node's word."""
