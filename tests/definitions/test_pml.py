"""The higher-risk stratum against the EMA's own sentence, over every combination."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from openntz.course import vocabulary
from openntz.definitions.jcv import JcvClass, JcvHistory, JcvResult
from openntz.definitions.pml import PmlBands, PmlStanding
from openntz.definitions.treatments import PriorImmunosuppressants
from openntz.monitor.profile import load_profile
from tests.build import measurement, treatment

DAY = date(2024, 1, 1)
BANDS = PmlBands(730, 1461, 2192)


def standing(days: int, antibody: JcvClass | None, high: bool | None, prior: bool | None):
    index = measurement(vocabulary.JCV_INDEX, DAY, 1.0)
    results = () if antibody is None else (JcvResult(index, antibody, high),)
    given = (treatment(DAY, "azathioprine"),) if prior else ()
    return PmlStanding(
        exposure_days=days,
        jcv=JcvHistory(results, (), True),
        prior=PriorImmunosuppressants(given, (), recorded=prior is not None),
    )


def test_higher_risk_matches_ema_2016():
    """Positive, over 2 years and prior immunosuppressant; or index above 1.5 and over 2 years."""
    for days, positive, high, prior in product((730, 731), *([(True, False)] * 3)):
        if high and not positive:
            continue
        antibody = JcvClass.POSITIVE if positive else JcvClass.NEGATIVE
        found = standing(days, antibody, high, prior).higher_risk(730)
        assert found is (days > 730 and positive and (prior or high))


@pytest.mark.parametrize(
    ("antibody", "high", "prior", "expected"),
    [
        (None, None, True, None),
        (JcvClass.POSITIVE, None, False, None),
        (JcvClass.POSITIVE, None, True, True),
        (JcvClass.POSITIVE, False, None, None),
        (JcvClass.POSITIVE, True, None, True),
        (JcvClass.NEGATIVE, False, None, False),
        (JcvClass.INDETERMINATE, False, True, True),
        (JcvClass.INDETERMINATE, False, False, False),
    ],
)
def test_missing_facts_leave_it_unknown_only_where_they_decide(antibody, high, prior, expected):
    assert standing(731, antibody, high, prior).higher_risk(730) is expected
    assert standing(730, antibody, high, prior).higher_risk(730) is False


@pytest.mark.parametrize(
    ("days", "key"),
    [
        (730, "index-above-1.5.to-24-months"),
        (731, "index-above-1.5.25-48-months"),
        (1461, "index-above-1.5.25-48-months"),
        (1462, "index-above-1.5.49-72-months"),
        (9999, "index-above-1.5.49-72-months"),
    ],
)
def test_bands(days, key):
    made = standing(days, JcvClass.POSITIVE, True, False)
    assert made.jcv.latest is not None
    assert made.risk_key(made.jcv.latest, BANDS, False) == key


def test_every_key_is_a_published_figure():
    profile = load_profile("eu")
    for days, antibody, high, prior in product(
        (1, 731, 1462), JcvClass, (True, False, None), (True, False)
    ):
        made = standing(days, antibody, high, prior)
        assert made.jcv.latest is not None
        key = made.risk_key(made.jcv.latest, BANDS, prior)
        assert profile.fact(f"pml.risk.{key}").unit == "per 1,000"


def test_indeterminate_and_untested_are_neither_positive_nor_negative():
    assert standing(1, None, None, False).positive is None
    assert standing(1, JcvClass.INDETERMINATE, False, False).positive is None
    assert standing(1, JcvClass.NEGATIVE, False, False).positive is False
    assert standing(1, JcvClass.POSITIVE, True, False).positive is True
