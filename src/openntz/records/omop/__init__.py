"""OMOP CDM 5.4 into course tables."""
