"""The seam between a round and its plugins: the hooks, who is called, how answers become one."""
