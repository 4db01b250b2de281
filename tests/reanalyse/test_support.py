"""The estimate of many people against that on all places, and against a planted truth."""

from __future__ import annotations

import numpy as np
import pytest

from openntz.reanalyse import turnbull as module
from openntz.reanalyse.turnbull import turnbull


def _looks(seed: int, people: int) -> tuple[list[float], list[float]]:
    generator = np.random.default_rng(seed)
    lower, upper = [], []
    for _ in range(people):
        event = generator.exponential(400)
        looks = np.unique(np.round(np.cumsum(generator.uniform(20, 200, 6))))
        before, after = looks[looks < event], looks[looks >= event]
        lower.append(float(before.max()) if len(before) else 0.0)
        upper.append(float(after.min()) if len(after) else float("inf"))
    return lower, upper


@pytest.mark.parametrize("seed", range(5))
def test_mass_matches_the_estimate_on_all_places(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lower, upper = _looks(seed, 300)
    whole = turnbull(lower, upper)
    monkeypatch.setattr(module, "_LARGEST", 0)
    many = turnbull(lower, upper)
    for day in (50, 100, 300, 600):
        # Both stop with 1e-8 of the log-likelihood a person to gain, whose root bounds shares.
        np.testing.assert_allclose(many.bounds(day), whole.bounds(day), atol=1e-3)

    def gained(found: module.Turnbull) -> float:
        inside = (found.after >= np.array(lower)[:, None]) & (
            found.until <= np.array(upper)[:, None]
        )
        return float(np.log(inside @ found.mass).mean())

    assert gained(many) == pytest.approx(gained(whole), abs=2e-8)


def test_many_people_give_back_a_planted_exponential() -> None:
    found = turnbull(*_looks(9, 8000))
    for day in (100, 300, 600):
        low, high = found.bounds(day)
        # The estimate errs by about n to the power of -1/3.
        assert low - 0.05 <= 1 - np.exp(-day / 400) <= high + 0.05
