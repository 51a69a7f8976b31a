"""The chain under test: a machine of calls, checks of a client, and pytest fixtures.

* `chain_machine.ChainMachine` sends sensible and hostile calls, and checks every invariant;
* `client_checks.check_chain_client` holds a client to the promises of `ChainClient`;
* `fixtures` gives an embedded chain and federations on it.

Needs ``pip install "bcfl-plugins[testing]"``; importing this package alone does not.
"""
