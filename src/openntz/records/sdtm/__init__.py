"""SDTM domains into course tables."""
