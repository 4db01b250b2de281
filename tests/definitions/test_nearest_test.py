"""The antibody test nearest to a reaction."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.definitions.antibody_tests import antibody_tests
from openntz.definitions.nearest_test import nearest_test
from tests.build import antibody

DAY = date(2024, 5, 1)


@pytest.mark.parametrize(
    ("offsets", "nearest"),
    [([], None), ([-30, 40], -30), ([-30, 30], 30), ([-1, 0, 1], 0), ([90], 90), ([-400], -400)],
)
def test_nearest_antibody_test(offsets, nearest):
    results = [antibody(DAY + timedelta(days=n), "negative") for n in offsets]
    found = nearest_test(antibody_tests(results, 500.0), DAY)
    assert (None if found is None else (found.day - DAY).days) == nearest
