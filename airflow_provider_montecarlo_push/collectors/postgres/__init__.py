"""PostgreSQL: its catalog, the text of its views, and its CSV server logs."""
