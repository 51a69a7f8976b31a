"""What a run writes down: its journal, its reports, and the calls that wait in the outbox."""
