"""The evidence registry: sources, facts and how well each was read."""
