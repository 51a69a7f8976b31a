"""Accounts: how an address is written, and whether a signature is an account's."""
