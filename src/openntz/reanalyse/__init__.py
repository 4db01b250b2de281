"""Analyses of trials and cohorts: one file each, all on the same courses as everything else."""
