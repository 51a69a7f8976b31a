"""Small inputs on which the software was wrong once, each through the public API."""
