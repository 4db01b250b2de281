"""Right-hand sides and the integrator template that the solver compiles."""
