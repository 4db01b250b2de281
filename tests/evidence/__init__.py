"""Tests of the evidence registry."""
