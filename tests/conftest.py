"""Settings all tests share."""

from hypothesis import settings

# A slow machine is no fault: no property test has a time limit per example.
settings.register_profile("openntz", deadline=None)
settings.load_profile("openntz")
