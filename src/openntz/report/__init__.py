"""The worklist and a page per person."""
