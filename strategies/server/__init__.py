"""What happens on the server around a round: who is asked, what is averaged, what is settled."""
