"""The visual predictive check against numpy and planted truth."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from openntz.forecast.likelihood import Kind
from openntz.forecast.vpc import VpcData, bin_edges, check

SHARES = (0.1, 0.5, 0.9)


def _data(factor: float = 1.0, n: int = 300, seed: int = 1) -> VpcData:
    generator = np.random.default_rng(seed)
    day = generator.uniform(20, 60, n)
    typical = 80.0 * np.exp(-day / 20.0)
    simulated = typical * np.exp(0.4 * generator.standard_normal((200, n)))
    value = factor * typical * np.exp(0.4 * generator.standard_normal(n))
    kind = np.full(n, int(Kind.QUANTIFIED))
    return VpcData(day, value, kind, np.zeros(n), typical, simulated)


def _inside(data: VpcData) -> float:
    bins = check(data, SHARES, bins=6, least=20, confidence=0.95)
    hits = [
        s[0] <= m <= s[2]
        for b in bins
        for m, s in zip(b.measured, b.simulated, strict=True)
        if m is not None
    ]
    return float(np.mean(hits))


def test_true_model_lies_inside_and_a_planted_bias_outside() -> None:
    assert np.mean([_inside(_data(seed=s)) for s in range(8)]) >= 0.85
    assert np.mean([_inside(_data(1.4, seed=s)) for s in range(8)]) <= 0.35


def test_one_bin_matches_numpy_percentiles_of_corrected_levels() -> None:
    data = _data(n=60)
    (only,) = check(data, SHARES, bins=1, least=20, confidence=0.95)
    corrected = data.value * np.median(data.typical) / data.typical
    expected = np.quantile(corrected, SHARES, method="inverted_cdf")
    assert only.measured == pytest.approx(expected)
    assert only.count == 60


def test_results_below_the_limit_take_part_as_the_lowest() -> None:
    data = _data(n=40)
    kind = np.where(np.arange(40) < 10, int(Kind.BELOW), int(Kind.QUANTIFIED))
    limited = replace(data, kind=kind, lloq=np.full(40, 0.5))
    (only,) = check(limited, SHARES, bins=1, least=20, confidence=0.95)
    assert only.measured[0] is None
    assert only.measured[1] is not None


def test_bins_never_part_one_day() -> None:
    day = np.repeat([28.0, 28.2, 42.0], [50, 30, 20])
    edges = bin_edges(day, 8, 5)
    assert np.searchsorted(edges, 28.0, side="right") == np.searchsorted(edges, 28.2, side="right")


def test_no_levels_no_bins() -> None:
    none = np.empty(0)
    data = VpcData(none, none, np.empty(0, np.int64), none, none, np.empty((5, 0)))
    assert check(data, SHARES, bins=4, least=5, confidence=0.95) == ()
