"""What a study would report of virtual people: one function a published kind of result."""
