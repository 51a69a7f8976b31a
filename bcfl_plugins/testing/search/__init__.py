"""How a rule is checked: what a check is, how it measures, and the search for a round."""
