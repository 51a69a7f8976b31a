"""Keys: made, shown, imported, exported; never plain on disk unless asked."""
