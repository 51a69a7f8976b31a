"""``bcfl standby`` and ``bcfl supernode``: go on when the server in office is gone."""
