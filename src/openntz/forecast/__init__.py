"""Prior and likelihood to a person's forecast."""
