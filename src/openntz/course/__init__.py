"""A person's treatment: typed, dated events in one immutable record."""
