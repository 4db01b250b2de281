"""Rules with typed inputs and cited findings."""
