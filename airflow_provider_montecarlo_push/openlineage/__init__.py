"""OpenLineage events to observations. Only :mod:`.transport` needs the OpenLineage client."""
