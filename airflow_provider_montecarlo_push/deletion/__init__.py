"""Which tables are to be deleted at Monte Carlo, and what became of it."""
