"""What is read off a reply: alone, among its peers, and what the strategy needs of it."""
