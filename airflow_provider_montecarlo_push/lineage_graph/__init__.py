"""Nodes and edges that users draw into the lineage graph: done in batches, and recorded."""
