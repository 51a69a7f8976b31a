"""What server and nodes send each other: Flower's records and the fields of ours."""
