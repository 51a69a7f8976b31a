"""How long one aggregation takes, beside a matrix product and Flower's own strategies."""
