"""Who is checked: from any object to something that answers rounds."""
