"""Catalogs that are tables themselves: the user's own SQL gives tables, edges and queries."""
