"""Clinic exports in, plain files out."""
