"""Analysis datasets by ADaM, out of courses and into course tables."""
