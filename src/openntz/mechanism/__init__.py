"""Pure functions and the compiled solver."""
