"""A fitted level outside the drawn band is said to be missed."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from msgspec.structs import replace

from openntz.forecast.result import Curve, LevelVerdict
from openntz.report.missed import band_at, missed
from openntz.report.numbers_view import numbers
from openntz.report.picture import picture
from tests.report import build, invented

ORIGIN = datetime(2024, 1, 1)
ONE = np.ones(2)
# From 10 down to 1 µg/mL in 10 days; the band is half and double of it.
FALL = np.array([10.0, 1.0])
CURVE = Curve(ORIGIN, np.array([0.0, 10.0]), FALL, FALL / 2, FALL * 2, ONE, ONE, ONE)


def verdict(value, censor="", **values):
    at = ORIGIN + timedelta(days=5)
    return LevelVerdict(2, at, value, censor, **{"use": "fitted", **values})


def test_the_band_between_two_points_matches_closed_form():
    # Half way down a logarithmic line lies the geometric mean; 1e-6: ordinal days lose digits.
    middle = np.sqrt(10.0)
    day = float(ORIGIN.toordinal() + 5)
    assert band_at(CURVE, day) == pytest.approx((middle / 2, middle * 2), rel=1e-6)
    assert band_at(CURVE, day + 6) is None


@pytest.mark.parametrize(
    ("value", "censor", "answer"),
    [
        (3.0, "", False),
        (1.5, "", True),
        (6.5, "", True),
        (1.5, "<", True),
        (6.5, "<", False),
        (1.5, ">", False),
        (6.5, ">", True),
    ],
)
def test_a_level_outside_the_band_is_missed(value, censor, answer):
    assert missed(verdict(value, censor), CURVE) is answer


def test_only_fitted_levels_of_a_drawn_curve_are_missed():
    assert not missed(verdict(1.5, use="impossible"), CURVE)
    assert not missed(verdict(1.5), None)
    assert missed(verdict(3.0, misfit=True), CURVE)


def test_table_and_tooltip_say_which_level_the_curve_misses():
    person = invented.normal()
    low = replace(person.forecast.levels[0], value=0.2)
    changed = replace(person, forecast=replace(person.forecast, levels=(low,)))
    assert numbers(changed, 0.7).levels[0].use == "used; the curve misses it"
    moved = replace(person.forecast.levels[0], misfit=True)
    seen = replace(person, forecast=replace(person.forecast, levels=(moved,)))
    titles = [m.title for m in picture(seen, build.GUIDES).panel("level").marks]
    assert sum("the curve misses it" in title for title in titles) == 1
