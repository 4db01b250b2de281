"""The antibody test nearest in time to a reaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from openntz.definitions.antibody_tests import AntibodyTest


def nearest_test(tests: Iterable[AntibodyTest], day: date) -> AntibodyTest | None:
    """The test fewest days from ``day``; of two as near, the later one.

    Antibodies that caused a reaction are still there soon after it, and a test before it may
    have come too early to find them.
    """
    return min(tests, key=lambda t: (abs((t.day - day).days), t.day < day), default=None)
