"""Events on object storage: how they are written, read, and what became of them."""
