"""Tests of what the whole package promises."""
