"""Conformance pack: any program's results held to the reference numbers, by files alone."""
