"""The built-in plugins. They do not know each other."""
