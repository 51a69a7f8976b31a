"""What all rules share: updates as blocks of rows, their Gram matrix, screening, and the answer."""
