"""Each job as a short composition; the command line calls only these."""
